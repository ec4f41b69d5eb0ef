/**
 * A whole main process of the tray, with a double of Electron, that does nothing but be connected: says how often its
 * event loop woke up. `node idle-tray-client.ts HOME SECONDS [closed|window]`
 */
import { createHook } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTray } from '../../tray-ui/src/main/tray-app.ts';
import { CHANNELS } from '../../tray-ui/src/shared/channels.ts';
import { electronDouble } from './electron-double.ts';

const [home = '', seconds = '5', how = 'closed'] = process.argv.slice(2);
const double = electronDouble();
startTray({
  electron: double.electron,
  folder: '/app/dist',
  home,
  args: ['--at-login'],
  os: process.platform,
  program: process.execPath,
  userConfigFolder: double.folder,
});
while (!double.tray.image.includes('protected')) await sleep(20);
if (how === 'window') {
  double.tray.events.emit('click');
  double.send(CHANNELS.subscribe);
}
// What the start itself has caused comes to rest.
await sleep(1_000);

let timers = 0;
const hook = createHook({
  init: (_id, type) => {
    if (type === 'Timeout' || type === 'Immediate') timers++;
  },
});
const measured = sleep(Number(seconds) * 1_000);
hook.enable();
const before = performance.nodeTiming.uvMetricsInfo;
const cpuBefore = process.cpuUsage();
await measured;
const { loopCount } = performance.nodeTiming.uvMetricsInfo;
const cpu = process.cpuUsage(cpuBefore);
hook.disable();
const openTimers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
process.stdout.write(
  JSON.stringify({
    wakeUps: loopCount - before.loopCount,
    timers,
    openTimers,
    cpuMs: (cpu.user + cpu.system) / 1_000,
  }),
);
double.clear();
