import { defineRules, forward, next } from 'tidegate/rules';
import { shareOf } from './share-of.ts';

const canaryPercent = 5;

export default defineRules({
  request(req) {
    // The office always sees the new version, and anyone may ask for one or the other.
    const wish = req.cookies.get('version');
    if (wish === 'stable') return next();
    if (wish === 'canary' || req.client.in('office')) return forward('canary');
    // The same visitor always falls on the same side.
    if (shareOf(req.cookies.get('visitor') ?? req.client.address) < canaryPercent) return forward('canary');
    return next();
  },
});
