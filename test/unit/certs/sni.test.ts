import { expect, test } from 'vitest';
import { NameIndex } from '../../../certs/sni.ts';

const index = new NameIndex<string>();
for (const name of ['a.test', '*.a.test', 'www.a.test', '*.sub.a.test', '*.b.test', 'Upper.test']) {
  index.add(name, name);
}
index.add('www.a.test', 'second');

test.each([
  { asked: 'a.test', found: ['a.test'] },
  { asked: 'www.a.test', found: ['www.a.test', 'second'], why: 'exact before wildcard' },
  { asked: 'WWW.A.TEST', found: ['www.a.test', 'second'], why: 'names have no case' },
  { asked: 'a.test.', found: ['a.test'], why: 'the root label is not part of the name' },
  { asked: 'other.a.test', found: ['*.a.test'] },
  { asked: 'x.sub.a.test', found: ['*.sub.a.test'] },
  { asked: 'x.y.a.test', found: [], why: 'a wildcard stands for one label' },
  { asked: 'b.test', found: [], why: 'a wildcard stands for one label at least' },
  { asked: '.b.test', found: [], why: 'and not for an empty one' },
  { asked: '*.a.test', found: ['*.a.test'] },
  { asked: 'upper.test', found: ['Upper.test'] },
  { asked: 'unknown.test', found: [] },
  { asked: 'test', found: [] },
  { asked: '', found: [] },
  { asked: '__proto__', found: [] },
])('$asked finds $found', ({ asked, found }) => {
  expect(index.find(asked)).toEqual(found);
});
