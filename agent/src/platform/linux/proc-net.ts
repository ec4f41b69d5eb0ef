export interface SocketOwner {
  /** Of the socket's own file system; 0: nobody holds it any more. */
  readonly inode: string;
  readonly userId: number;
}

/**
 * The client's end of a connection to us, out of /proc/net/tcp or tcp6 (proc_pid_net(5)): columns are slot,
 * local address, remote address, state, queues, timer, retransmits, user id, timeout, inode. Ports are in hex.
 */
export function findClientSocket(
  table: string,
  clientPort: number,
  proxyPort: number,
): SocketOwner | undefined {
  const local = `:${hex(clientPort)} `;
  const remote = `:${hex(proxyPort)}`;
  for (let at = table.indexOf(local); at !== -1; at = table.indexOf(local, at + 1)) {
    const start = table.lastIndexOf('\n', at) + 1;
    const end = table.indexOf('\n', at);
    const columns = table
      .slice(start, end === -1 ? undefined : end)
      .trim()
      .split(/ +/);
    const [, localAddress = '', remoteAddress = '', , , , , userId, , inode] = columns;
    if (!localAddress.endsWith(local.trimEnd()) || !remoteAddress.endsWith(remote)) continue;
    if (inode === undefined || inode === '0') continue;
    return { inode, userId: Number(userId) };
  }
  return undefined;
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
