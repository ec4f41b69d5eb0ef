import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { type Signer, signerOf } from '../../../../policies/bundle/keys.ts';
import { CommandFailure } from '../../cli/ports.ts';
import { ensurePrivateDirectory, writePrivateFile } from '../../platform/private-files.ts';

/** A signing key in a file of its own: PKCS#8 PEM, 0600, sealed where there is a passphrase. */
export interface KeyFile {
  readonly file: string;
  readonly signer: Signer;
}

export function makeKeyFile(directory: string, name: string, passphrase: string | undefined): KeyFile {
  ensurePrivateDirectory(directory);
  const file = path.join(directory, `${name}.pem`);
  if (existsSync(file)) {
    throw new CommandFailure(
      'key-exists',
      2,
      `${file} exists already.`,
      'Choose another folder with --keys; a key that signs must never be written over.',
    );
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  const sealed = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  writePrivateFile(file, privateKey.export({ type: 'pkcs8', format: 'pem', ...sealed }).toString());
  return { file, signer: signerOf(privateKey) };
}

/** Every `.pem` of these folders; what a `postern policy rotate` has retired has another ending. */
export function readKeyFiles(directories: readonly string[], passphrase: string | undefined): KeyFile[] {
  return directories.flatMap((directory) => {
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch (cause) {
      throw new CommandFailure(
        'keys-unreadable',
        2,
        `The folder of keys ${directory} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Name it with --keys; `postern policy keygen` makes one.',
        { cause },
      );
    }
    return names
      .filter((name) => name.endsWith('.pem'))
      .sort()
      .map((name) => {
        const file = path.join(directory, name);
        return { file, signer: signerOf(readKey(file, passphrase)) };
      });
  });
}

function readKey(file: string, passphrase: string | undefined): KeyObject {
  try {
    const key = createPrivateKey({
      key: readFileSync(file, 'utf8'),
      ...(passphrase !== undefined && { passphrase }),
    });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new CommandFailure(
      'key-unreadable',
      2,
      `The key ${file} can't be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      'If it is sealed, give --passphrase-file.',
      { cause },
    );
  }
  throw new CommandFailure(
    'key-unreadable',
    2,
    `${file} isn't an Ed25519 key.`,
    'Use keys of policy keygen.',
  );
}

/** Kept, so that nothing is lost by mistake, but never used again. */
export function retireKeyFile({ file }: KeyFile): string {
  const retired = `${file}.retired`;
  renameSync(file, retired);
  return retired;
}
