import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { pluginFiles } from './plugin-files.ts';

export function register(plugins: Command): void {
  plugins
    .command('new')
    .description('write a plugin that works, with its test')
    .argument('<name>', 'lower case, with dashes', parseName)
    .option('--dir <folder>', 'where to', 'plugins')
    .action(async (name: string, { dir }: { dir: string }) => {
      process.exitCode = await create(name, path.resolve(dir));
    });
}

/** @returns the exit status */
async function create(name: string, folder: string): Promise<number> {
  const files = Object.entries(pluginFiles(name)).map(([file, text]) => ({
    file: path.join(folder, file),
    text,
  }));
  await mkdir(folder, { recursive: true });
  for (const { file, text } of files) {
    try {
      // 'wx': never over what is there.
      await writeFile(file, text, { flag: 'wx' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      process.stderr.write(`tidegate plugins: ${shown(file)} exists already\n`);
      return 1;
    }
  }
  const [plugin] = files;
  process.stdout.write(`Wrote ${files.map(({ file }) => shown(file)).join(' and ')}\n\n`);
  process.stdout.write(
    `Next: plugins: [{ use: ./${shown(plugin?.file ?? '')}, options: { text: hi } }] on a listener of your config, and \`tidegate test\`\n`,
  );
  return 0;
}

function shown(file: string): string {
  return path.relative(process.cwd(), file);
}

function parseName(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(text))
    throw new InvalidArgumentError('expected lower-case letters, digits and dashes.');
  return text;
}
