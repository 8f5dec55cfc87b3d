// The rule that Tidegate and nginx + njs both run for every measured request.
import { defineRules, deny, forward } from 'tidegate/rules';

export default defineRules({
  request(req) {
    if (req.path.startsWith('/admin') && req.client.address !== '127.0.0.1') return deny();
    if (req.headers.get('x-beta') === '1') return forward('beta');
    return forward('site');
  },
});
