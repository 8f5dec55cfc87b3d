import { defineRules, forward, next } from 'tidegate/rules';
import { shareOf } from './share-of.ts';

const canaryPercent = 20;

// The next step, tried on live requests: the log says who would go elsewhere. Visitors without a cookie are to stay where they are.
export default defineRules({
  request(req) {
    const wish = req.cookies.get('version');
    if (wish === 'stable') return next();
    if (wish === 'canary' || req.client.in('office')) return forward('canary');
    const visitor = req.cookies.get('visitor');
    return visitor !== null && shareOf(visitor) < canaryPercent ? forward('canary') : next();
  },
});
