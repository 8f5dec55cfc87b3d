/** What tests import from `tidegate/testing`. */
export * from '../plugins/testing.ts';
export * from '../rules/testing.ts';
