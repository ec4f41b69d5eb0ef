/**
 * The borders of the house, held in CI. Each rule says why it exists; a rule that must give way gets a decision record.
 */
const ROOMS = '^agent/src/(recognise|guard|decide|enforce|account)/';
const EDGES = 'intercept|record|sync|serve|platform|open';
const NODE_IO =
  '^(node:)?(fs|fs/promises|net|tls|http|http2|https|dgram|dns|dns/promises|child_process|worker_threads|timers|timers/promises|os|cluster|readline|inspector)$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means two files are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead, or wired by a string.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^agent/src/main\\.ts$', '\\.worker\\.ts$', '\\.json$'] },
      to: {},
    },
    {
      name: 'core-knows-nobody',
      comment: 'core/ is the vocabulary; it may use policy types and nothing else.',
      severity: 'error',
      from: { path: '^agent/src/core/' },
      to: { pathNot: ['^agent/src/core/', '^policies/schema/'] },
    },
    {
      name: 'pure-rooms-meet-only-in-core',
      comment: 'recognise, guard, decide, enforce and account are joined by journey.ts, never by each other.',
      severity: 'error',
      from: { path: ROOMS },
      to: { path: '^agent/src/', pathNot: ['^agent/src/core/', '^agent/src/$1/'] },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'Sockets, files, clocks and timers stay at the edges, so that yesterday can be replayed.',
      severity: 'error',
      from: { path: ROOMS },
      to: { path: NODE_IO },
    },
    {
      name: 'pure-rooms-hold-few-packages',
      comment:
        'Only CEL, RE2 and numbering plans (decide, guard), the price book (account) and TOML (rules that a team brings, read as text) are worth a package in the pure middle.',
      severity: 'error',
      from: { path: ROOMS },
      to: {
        path: 'node_modules/',
        pathNot: [
          'node_modules/@bufbuild/',
          'node_modules/@pydantic/genai-prices',
          'node_modules/re2js',
          'node_modules/toml-eslint-parser',
          'node_modules/libphonenumber-js/',
        ],
      },
    },
    {
      name: 'edges-know-only-core',
      comment: 'Edges know core and policy schema, and nothing of each other; main.ts joins them.',
      severity: 'error',
      from: { path: `^agent/src/(${EDGES})/` },
      to: { path: '^agent/src/', pathNot: ['^agent/src/core/', '^agent/src/$1/'] },
    },
    {
      name: 'journey-is-pure',
      comment: 'The journey joins the pure rooms and touches no edge.',
      severity: 'error',
      from: { path: '^agent/src/journey\\.ts$' },
      to: { path: [`^agent/src/(${EDGES}|cli)/`, NODE_IO] },
    },
    {
      name: 'cli-speaks-through-the-contract',
      comment:
        'The CLI is a client of the local API like the tray; main.ts hands it what works without an agent.',
      severity: 'error',
      from: { path: '^agent/src/cli/' },
      to: { path: '^agent/src/(intercept|record|guard|recognise|enforce|account|decide|journey)' },
    },
    {
      name: 'sockets-only-at-the-edges',
      comment:
        'One place for byte I/O (intercept), one for the local API (serve), one for fetching policy (sync).',
      severity: 'error',
      from: { path: '^agent/src/', pathNot: '^agent/src/(intercept|serve|sync)/' },
      to: { path: '^(node:)?(net|tls|http|http2|https|dgram|dns)$|node_modules/undici/' },
    },
    {
      name: 'processes-only-in-platform',
      comment: 'Starting programs is an OS matter.',
      severity: 'error',
      from: { path: '^agent/src/', pathNot: '^agent/src/platform/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'sqlite-only-in-record',
      comment: 'One room owns the database and its durability settings.',
      severity: 'error',
      from: { path: '^agent/src/', pathNot: '^agent/src/record/' },
      to: { path: 'node_modules/better-sqlite3/' },
    },
    {
      name: 'dialects-do-not-meet',
      comment: 'A vendor depends on the dialect contract, never on another vendor.',
      severity: 'error',
      from: { path: '^agent/src/recognise/dialects/([^/]+)/' },
      to: { path: '^agent/src/recognise/dialects/([^/]+)/', pathNot: '^agent/src/recognise/dialects/$1/' },
    },
    {
      name: 'only-main-wires',
      comment: 'Nothing imports main.ts.',
      severity: 'error',
      from: { path: '^(agent|policies|tray-ui)/' },
      to: { path: '^agent/src/main\\.ts$' },
    },
    {
      name: 'policies-stand-alone',
      comment: 'A policy can be checked in any pipeline without the agent.',
      severity: 'error',
      from: { path: '^policies/' },
      to: { path: '^(agent|tray-ui|test)/' },
    },
    {
      name: 'tray-sees-only-the-contract',
      comment:
        'The tray is a client of the local API like the CLI: the contract, the typed client, and where the agent of this home is found (0161).',
      severity: 'error',
      from: { path: '^tray-ui/' },
      to: {
        path: '^(agent|policies)/',
        pathNot:
          '^agent/src/(serve/(contract|contract-status|contract-views|contract-words|client|local-api-error)|platform/(home|platform|private-files))\\.ts$',
      },
    },
    {
      name: 'renderer-is-a-browser',
      comment: 'A page without Node: what it needs of the machine goes through shared/bridge.ts.',
      severity: 'error',
      from: { path: '^tray-ui/src/renderer/' },
      to: { path: [NODE_IO, 'node_modules/electron/', '^tray-ui/src/(main|preload)/'] },
    },
    {
      name: 'electron-only-at-the-rim',
      comment:
        'Main-process logic takes Electron by injection, so that it can be tested where no Electron starts.',
      severity: 'error',
      from: { path: '^tray-ui/src/', pathNot: '^tray-ui/src/(main/main|preload/preload)\\.ts$' },
      to: { path: 'node_modules/electron/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-code-in-sources',
      severity: 'error',
      comment: 'Test doubles and fixtures never ship.',
      from: { path: '^(agent|policies|tray-ui)/' },
      to: { path: '^test/|node_modules/(vitest|fast-check|ws|openai|playwright-core)/' },
    },
    {
      name: 'declared-packages-only',
      comment: 'A package that is not in package.json works only by luck.',
      severity: 'error',
      from: { path: '^(agent|policies)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|test)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
