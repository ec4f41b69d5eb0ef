/** Tokens that publish or fetch packages and images. */
import type { Rule } from '../../engine/rule.ts';
import { ASSIGNMENT, BASE62, BASE64URL, CONTEXTUAL, HEX, LOWER, named, secret, token } from '../builders.ts';
import { decodeBase64, hasCrc32Checksum } from '../checks.ts';

const critical = { severity: 'critical' } as const;

export const registries: readonly Rule[] = [
  token('npm-token', 'npm token', 'https://docs.npmjs.com/about-access-tokens', 'npm_', BASE62, 36, {
    ...critical,
    proof: (value) => hasCrc32Checksum(value, 4),
  }),
  secret({
    id: 'npm-legacy-token',
    label: 'npm token',
    source: 'https://docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow',
    keywords: [':_authToken', ':_password', ':_auth'],
    pattern:
      ':_(?:authToken|password|auth)[ \\t]{0,3}=[ \\t]{0,3}["\']?([A-Za-z0-9+/=_.-]{20,400})(?![A-Za-z0-9+/=_.-])',
    specificity: CONTEXTUAL,
    ...critical,
  }),
  token(
    'pypi-token',
    'PyPI token',
    'https://pypi.org/help/#apitoken',
    ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'],
    BASE64URL,
    [50, 1000],
    critical,
  ),
  token(
    'rubygems-token',
    'RubyGems API key',
    'https://guides.rubygems.org/api-key-scopes/',
    'rubygems_',
    HEX,
    48,
    critical,
  ),
  token(
    'crates-io-token',
    'crates.io token',
    'https://doc.rust-lang.org/cargo/reference/publishing.html',
    'cio',
    BASE62,
    32,
    critical,
  ),
  token(
    'nuget-api-key',
    'NuGet API key',
    'https://learn.microsoft.com/nuget/nuget-org/publish-a-package',
    'oy2',
    LOWER,
    43,
    critical,
  ),
  token(
    'docker-token',
    'Docker access token',
    'https://docs.docker.com/security/access-tokens/',
    ['dckr_pat_', 'dckr_oat_'],
    BASE64URL,
    [27, 40],
    critical,
  ),
  token(
    'clojars-token',
    'Clojars deploy token',
    'https://github.com/clojars/clojars-web/wiki/Deploy-Tokens',
    'CLOJARS_',
    LOWER,
    60,
  ),
  token(
    'packagist-token',
    'Packagist token',
    'https://packagist.com/docs/composer-authentication',
    ['packagist_out_', 'packagist_ort_', 'packagist_uut_'],
    BASE62,
    [60, 80],
  ),
  token(
    'deno-token',
    'Deno Deploy or JSR token',
    'https://docs.deno.com/deploy/manual/ci_github',
    ['ddp_', 'ddo_', 'jsrp_'],
    BASE62,
    [36, 48],
  ),
  token(
    'cloudsmith-token',
    'Cloudsmith token',
    'https://help.cloudsmith.io/docs/api-key',
    'ckey_',
    BASE62,
    [36, 48],
    { keepPrefix: true, confidence: 'medium' },
  ),
  token(
    'gemfury-token',
    'Gemfury token',
    'https://gemfury.com/help/tokens/',
    ['fury_', 'pfury_'],
    BASE62,
    [20, 40],
    { keepPrefix: true, confidence: 'medium' },
  ),
  secret({
    id: 'docker-config-auth',
    label: 'Registry password (Docker config)',
    source: 'https://docs.docker.com/reference/cli/docker/login/',
    keywords: ['"auth"', '\\"auth\\"'],
    pattern: `\\\\?"auth\\\\?"[ \\t]{0,3}:[ \\t]{0,3}\\\\?"([A-Za-z0-9+/]{12,400}={0,2})\\\\?"`,
    ...critical,
    judge: (value) =>
      /^[\x21-\x7e]{1,80}:[\x21-\x7e]{4,}$/.test(decodeBase64(value) ?? '') ? 'high' : undefined,
  }),
  named(
    'artifactory-password',
    'Artifactory password or token',
    'https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens',
    ['artifactory'],
    'A-Za-z0-9!#%&*+=?@^_.-',
    [16, 800],
    {
      pattern: `(?i:artifactory)[\\w.-]{0,24}(?i:passw|token|key|pwd)[\\w.-]{0,16}${ASSIGNMENT}([A-Za-z0-9!#%&*+=?@^_.-]{16,800})(?![A-Za-z0-9!#%&*+=?@^_.(-])`,
    },
  ),
  named(
    'hex-package-key',
    'Hex package manager key',
    'https://hex.pm/docs/publish',
    ['hex_api_key'],
    HEX,
    32,
  ),
];
