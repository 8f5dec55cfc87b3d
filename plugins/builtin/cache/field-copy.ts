import type { PluginHeaders } from '../../api.ts';
import type { StoredField } from './stored-answer.ts';

/** Header fields to be looked at. */
export type FieldReader = Pick<PluginHeaders, 'get' | 'getAll' | 'has'>;

/** Header fields as they were at a time: plugins that come later change those of the request. */
export class FieldCopy implements FieldReader {
  readonly fields: readonly StoredField[];

  constructor(fields: Iterable<StoredField>) {
    this.fields = [...fields];
  }

  get(name: string): string | null {
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(', ');
  }

  getAll(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return this.fields.filter(([own]) => own.toLowerCase() === lower).map(([, value]) => value);
  }

  has(name: string): boolean {
    const lower = name.toLowerCase();
    return this.fields.some(([own]) => own.toLowerCase() === lower);
  }
}
