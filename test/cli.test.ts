/** The command line, as a person and as a script use it; with a server that runs, and without one. */
import { execFile } from 'node:child_process';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from './harness.ts';
import { type Ended, environment, type RunningProgram, start, steward, unusedHome } from './program.ts';

const home = unusedHome();
const env = environment(home);
const outside = unusedHome();
const files: string[] = [home, outside];
const run = (...args: string[]): Promise<Ended> => steward(env, ...args);

/** What a command prints that must succeed. */
async function said(...args: string[]): Promise<string> {
  const ended = await run(...args);
  expect({ args, ...ended }).toMatchObject({ code: 0 });
  return ended.stdout;
}
const json = async (...args: string[]) => JSON.parse(await said(...args, '--json'));

async function query(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

let server: RunningProgram | undefined;

beforeAll(async () => {
  const created = await run('users', 'create', '--email', 'ada@example.test', '--name', 'Ada', '--json');
  expect(JSON.parse(created.stdout)).toMatchObject({ email: 'ada@example.test', role: 'admin' });
});
afterAll(async () => {
  await server?.stop();
  await Promise.all(files.map((file) => rm(file, { recursive: true, force: true })));
});

describe('without a server', () => {
  test('a key alone on stdout', async () => {
    const { code, stdout, stderr } = await run('keys', 'create', '--label', 'a script');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^stw_[\w-]{40,}\n$/);
  });

  test('help, version, and words that are not understood', async () => {
    const commands = [
      ['--version'],
      ['--help'],
      ['tasks', 'create', '--help'],
      ['taks'],
      ['tasks', 'lst'],
      ['tasks', 'create', '--titel', 'x'],
      ['tasks', 'create'],
      ['tasks', 'list', '--status'],
      ['completion', 'tcsh'],
    ];
    const [version, help, taskHelp, noun, verb, option, missing, value, shell] = (await Promise.all(
      commands.map((args) => run(...args)),
    )) as [Ended, Ended, Ended, Ended, Ended, Ended, Ended, Ended, Ended];
    expect(version).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    expect(help.code).toBe(0);
    for (const word of ['serve', 'worker', 'doctor', 'backup', 'tasks', 'chat', '--home', '--database-url'])
      expect(help.stdout).toContain(word);
    expect(taskHelp.stdout).toMatch(/Usage: steward tasks create \[options\] \[title\]/);
    expect(noun).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/taks.*\n.*tasks\?/) });
    expect(verb).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/lst.*\n.*list\?/) });
    expect(option).toMatchObject({ code: 2, stderr: expect.stringMatching(/--titel.*\n.*--title\?/) });
    expect(missing).toEqual({ code: 2, stdout: '', stderr: "error: missing required argument 'title'\n" });
    expect(value).toMatchObject({ code: 2, stderr: expect.stringContaining('argument missing') });
    expect(shell).toMatchObject({ code: 1, stderr: expect.stringMatching(/bash, zsh, fish/) });
  });

  test('a thought, an answer, and a turn of a conversation', async () => {
    expect(await said('chat', 'send', 'buy milk tomorrow')).toMatch(/Buy milk.*tomorrow.*\n$/s);
    const chunks = (await said('chat', 'send', 'what is open?', '--json')).trim().split('\n');
    expect(chunks.map((line) => JSON.parse(line).type)).toEqual(
      expect.arrayContaining(['start', 'text-delta', 'finish']),
    );
    await said('capture', 'thought', 'call the plumber p1');
    const { items } = await json('tasks', 'list');
    expect(items.map(({ title }: { title: string }) => title)).toEqual(['Call the plumber', 'Buy milk']);
  });
});

describe('beside a server', () => {
  beforeAll(async () => {
    server = await start(env);
  });

  test('a key that the server takes, and a link', async () => {
    const key = (await said('keys', 'create', '--label', 'another')).trim();
    const answer = await fetch(`${server!.url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
    expect(await answer.json()).toMatchObject({ email: 'ada@example.test' });
    expect(await said('users', 'link', 'ada@example.test')).toMatch(/^http:\/\/127\.0\.0\.1:\S{20,}\n$/);
    expect(await run('users', 'link', 'nobody@example.test')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^steward: .*nobody@example\.test.* \[not_found\]\n$/),
    });
  });

  test('tasks: text as it stands, lists, numbers, null', async () => {
    const task = await json('tasks', 'create', 'Sweep', '--tags', 'home', 'out doors', '--priority', '2');
    expect(task).toMatchObject({ title: 'Sweep', tags: ['home', 'out doors'], priority: 2, due_date: null });
    expect(
      await json(
        'tasks',
        'update',
        task.id,
        '--due-date',
        '2031-05-01',
        '--priority',
        'null',
        '--tags',
        '[]',
      ),
    ).toMatchObject({ title: 'Sweep', due_date: '2031-05-01', priority: null, tags: [] });
    const [cleared, shown, byOption] = await Promise.all([
      json('tasks', 'update', task.id, '--due-date', 'null'),
      said('tasks', 'get', task.id),
      json('tasks', 'create', '--title', 'Dust'),
    ]);
    expect(cleared).toMatchObject({ due_date: null });
    expect(shown).toContain('title: Sweep');
    expect(byOption).toMatchObject({ title: 'Dust' });
    // A title that looks like an option.
    expect(await said('tasks', 'create', '--', '--loud')).toContain('title: --loud');

    const [many, none, wrong] = await Promise.all([
      json('tasks', 'list', '--limit', '1'),
      run('tasks', 'list', '--status', 'done'),
      run('tasks', 'create', 'x', '--priority', '9'),
    ]);
    expect(many).toMatchObject({ items: [{ title: '--loud' }], next_cursor: expect.any(String) });
    expect(none.stdout).toBe('(none)\n');
    expect(wrong).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^steward: priority: .* \[validation_failed\]\n$/),
    });

    const refused = await run('tasks', 'delete', task.id);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/--yes.*\[bad_request\]\n$/) });
    await said('tasks', 'delete', task.id, '--yes');
    expect(await run('tasks', 'get', task.id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[not_found]'),
    });
  });

  test('lists of objects, as one JSON array or one by one', async () => {
    const whole = await json('capture', 'apply', '--tasks', '[{"title":"Paint"},{"title":"Sand"}]');
    expect(JSON.stringify(whole)).toContain('Paint');
    expect(JSON.stringify(whole)).toContain('Sand');
    const single = await json('capture', 'apply', '--tasks', '{"title":"Rinse"}', '{"title":"Wax"}');
    expect(JSON.stringify(single)).toContain('Wax');
    expect(await run('capture', 'apply', '--tasks', 'Paint')).toMatchObject({
      code: 1,
      stderr: 'steward: --tasks takes JSON. [bad_request]\n',
    });
  });

  test('for whom, when there are several', async () => {
    await said('users', 'create', '--email', 'bo@example.test', '--name', 'Bo');
    expect(await run('tasks', 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--user EMAIL.*\[configuration\]\n$/),
    });
    expect(await said('tasks', 'list', '--user', 'bo@example.test')).toBe('(none)\n');
    expect(await steward({ ...env, STEWARD_USER: 'ada@example.test' }, 'tasks', 'list')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Buy milk'),
    });
    expect(await run('tasks', 'list', '--user', 'no@example.test')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no@example.test'),
    });
  });

  test('a connection string for each role', async () => {
    const [owner, app, other] = await Promise.all([
      said('db', 'url'),
      said('db', 'url', '--role', 'app'),
      run('db', 'url', '--role', 'root'),
    ]);
    const who = (url: string) => query(url.trim(), 'select current_user::text as name');
    expect(await who(owner)).toEqual([{ name: 'steward_owner' }]);
    expect(await who(app)).toEqual([{ name: 'steward_app' }]);
    // Without saying whom it is for, the application sees nobody's data.
    expect(await query(app.trim(), 'select * from tasks')).toEqual([]);
    expect(other).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('owner or app') });
  });

  test('a reader that has seen enough', async () => {
    const command = `"${process.execPath}" bin/steward.js tasks list --user ada@example.test | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `set -o pipefail; ${command}`], {
      env,
    });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });

  test('the doctor: all is well, then a dead job and a home that others may read', async () => {
    const well = await run('doctor', '--json');
    expect(well.code).toBe(0);
    expect(
      JSON.parse(well.stdout).map(({ check, ok }: { check: string; ok: boolean }) => [check, ok]),
    ).toEqual(['node', 'home', 'users', 'jobs', 'database', 'port'].map((check) => [check, true]));

    const url = (await said('db', 'url')).trim();
    const dead = `set app.service = 'test'; insert into dead_jobs (id, user_id, task, payload, attempts, last_error)
      select gen_random_uuid(), id, 'planner.extract', '{}', 5, 'no model' from users where email = 'ada@example.test'`;
    await query(url, dead);
    const { mode } = await stat(home);
    await chmod(home, 0o755);
    const ill = await run('doctor');
    expect(ill.code).toBe(1);
    expect(ill.stdout).toMatch(/^WRONG home: others may read .*chmod 700/m);
    expect(ill.stdout).toMatch(/^WRONG jobs: 1 gave up: steward jobs dead, then steward jobs retry ID$/m);
    expect(ill.stdout).toMatch(/^ok {4}database: PostgreSQL \d+/m);
    await chmod(home, mode & 0o777);
    await query(url, `set app.service = 'test'; delete from dead_jobs`);

    const nowhere = unusedHome();
    const absent = await steward(environment(nowhere), 'doctor');
    expect(absent).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/WRONG home: there is no .* yet/),
    });
    await expect(stat(nowhere)).rejects.toThrow('ENOENT');
  });

  test('completion', async () => {
    const [bash, zsh, fish] = await Promise.all(
      ['bash', 'zsh', 'fish'].map((shell) => said('completion', shell)),
    );
    await check(bash!);
    await check(zsh!);
    expect(zsh).toContain('bashcompinit');
    expect(fish).toMatch(/^complete -c steward -f -n '__fish_use_subcommand' -a tasks$/m);

    const complete = async (...words: string[]): Promise<string[]> => {
      const list = words.map((word) => `'${word}'`).join(' ');
      const script = `${bash}\nCOMP_WORDS=(steward ${list}); COMP_CWORD=${words.length}; _steward; echo "\${COMPREPLY[@]}"`;
      const { stdout } = await promisify(execFile)('bash', ['-c', script]);
      return stdout.trim().split(' ');
    };
    expect(await complete('tas')).toEqual(['tasks']);
    expect(await complete('tasks', 'comp')).toEqual(['complete']);
    expect(await complete('--home', '/x', 'tasks', 'sno')).toEqual(['snooze']);
    expect(await complete('tasks', 'update', 'some-id', '--due-d')).toEqual(['--due-date']);
  });
});

async function check(script: string): Promise<void> {
  const file = `${unusedHome()}.sh`;
  files.push(file);
  await writeFile(file, script);
  await promisify(execFile)('bash', ['-n', file]);
}

describe('backup and restore', () => {
  const file = `${unusedHome()}.backup`;
  const back = `${unusedHome()}.backup`;
  files.push(file, back);

  /** All that is saved of a database, but for when that was, and the sequences, which every process moves on. */
  async function saved(where: NodeJS.ProcessEnv, path: string): Promise<string[]> {
    expect(await steward(where, 'backup', path)).toMatchObject({ code: 0, stderr: '' });
    const lines = gunzipSync(await readFile(path))
      .toString()
      .split('\n');
    return lines.slice(1, lines.indexOf('{"section":"sequences","columns":["schema","name","value"]}'));
  }

  test('taken while a server runs, put back only without', async () => {
    expect(await said('backup', file)).toMatch(/: \d+ rows of \d+ tables\n$/);
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(await run('restore', file, '--yes')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^steward: .*stop it, then restore.*\[home_in_use\]\n$/),
    });
    expect(await run('restore', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
    expect((await server!.stop()).code).toBe(0);
    server = undefined;
  });

  test('from the embedded server into another, and back again', async () => {
    const external = environment(outside, { DATABASE_URL: await freshDatabase('external') });
    const before = await saved(env, file);
    expect(before.join('\n')).toMatch(/buy milk tomorrow.*Buy milk/is);
    expect(await steward(external, 'restore', file, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^restored \d+ rows/),
      stderr: expect.not.stringContaining('steward:'),
    });
    expect(await saved(external, back)).toEqual(before);

    const ada = ['--user', 'ada@example.test'];
    expect(await steward(external, 'chat', 'send', 'buy a ladder', ...ada)).toMatchObject({ code: 0 });
    const later = await saved(external, back);
    expect(later).not.toEqual(before);
    await said('restore', back, '--yes');
    expect(await saved(env, file)).toEqual(later);
    // And life goes on.
    expect(await said('chat', 'send', 'what is open?', ...ada)).toContain('Buy a ladder');
  });

  test('what cannot be put back changes nothing', async () => {
    const before = await said('tasks', 'list', '--user', 'ada@example.test');
    const whole = gunzipSync(await readFile(file)).toString();
    const bytes = await readFile(file);
    const broken: [string, Buffer, RegExp][] = [
      ['cut', bytes.subarray(0, bytes.length / 2), /\[backup_damaged\]/],
      ['altered', gzipSync(whole.replace('Buy milk', 'Buy silk')), /\[backup_damaged\]/],
      ['format', gzipSync(whole.replace('"steward_backup":1', '"steward_backup":2')), /\[backup_newer\]/],
      [
        'newer',
        gzipSync(whole.replace(/"migration":\d+/, '"migration":9999')),
        /\[backup_(?:newer|damaged)\]/,
      ],
    ];
    for (const [name, content, reason] of broken) {
      const path = `${file}.${name}`;
      files.push(path);
      await writeFile(path, content);
      const { code, stdout, stderr } = await run('restore', path, '--yes');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^steward: [^\n]+\n$/);
      expect(stderr).toMatch(reason);
    }
    expect(await run('restore', `${file}.none`, '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^steward: cannot read .*\n$/),
    });
    expect(await run('backup', '/nowhere/at/all')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^steward: cannot write .*\n$/),
    });
    expect(await said('tasks', 'list', '--user', 'ada@example.test')).toBe(before);
  });
});
