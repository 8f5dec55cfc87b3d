import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { z } from 'zod';

/**
 * What the reports of test runs come to, for someone who sees only the end of the log: a few lines for each failure,
 * and "N passed, N failed". Arguments: the report files.
 */
const reportSchema = z.object({
  numPassedTests: z.number(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).optional(),
        }),
      ),
    }),
  ),
});

const MOST_FAILURES = 30;
const MOST_LINES = 6;
const MOST_COLUMNS = 300;

let passed = 0;
const failures: string[] = [];
for (const file of process.argv.slice(2)) {
  // A run that died before it could report, or in which something failed outside of any test, counts as one failure, so that the sum never hides it.
  if (!existsSync(file)) {
    failures.push(`NO REPORT ${basename(file)}: the run was ended or died`);
    continue;
  }
  const report = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  passed += report.numPassedTests;
  const ofReport = report.testResults.flatMap(failuresOf);
  if (!report.success && ofReport.length === 0)
    ofReport.push(`FAILED RUN ${basename(file)}: an error outside of any test, see above`);
  failures.push(...ofReport);
}
for (const failure of failures.slice(0, MOST_FAILURES)) console.log(failure);
if (failures.length > MOST_FAILURES) console.log(`… and ${failures.length - MOST_FAILURES} more`);
console.log(`${passed} passed, ${failures.length} failed`);

/** The failed tests of a file; the file itself, where it could not be loaded or a hook failed. */
function failuresOf(result: z.infer<typeof reportSchema>['testResults'][number]): string[] {
  const file = relative('', result.name);
  const tests = result.assertionResults.filter(({ status }) => status === 'failed');
  if (tests.length === 0 && result.status === 'failed')
    return [`FAILED FILE ${file}${firstLines(result.message)}`];
  return tests.map(
    ({ fullName, failureMessages = [] }) =>
      `FAILED TEST ${file} > ${fullName}${firstLines(failureMessages.join('\n'))}`,
  );
}

/** Without the frames of the test runner and of Node. */
function firstLines(message: string): string {
  return message
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at .*(node_modules|node:|<anonymous>)/.test(line))
    .slice(0, MOST_LINES)
    .map((line) => `\n    ${line.trim().slice(0, MOST_COLUMNS)}`)
    .join('');
}
