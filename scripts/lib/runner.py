#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run tests side by side, each with a time limit and a log of its own.

Standard input has one JSON object a line: "name", "command" (a list), and
optionally "timeout" (seconds), "env" and "cwd".  A program that speaks TAP is
counted by its points, of which none of its plan may be missing, any other by
its exit status: 0 passes, 77 skips.

With --again a program that fails is run a second time, alone, when all others
have ended, and that counts: real guests keep real time, and two of them on a
busy machine can miss it.  Both runs are shown.

Prints a line per program, the log's end of those that fail, and last the
counts, which also go to the file --counts as "passed failed skipped".
"""
import argparse
import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

Result = collections.namedtuple('Result', 'passed failed skipped note')


def judge(text, status):
    points = re.findall(r'^(not )?ok\b(.*)$', text, re.M)
    plan = re.search(r'^1\.\.(\d+)$', text, re.M)
    failed = sum(1 for bad, _ in points if bad)
    skipped = sum(1 for bad, rest in points
                  if not bad and re.search(r'# *skip', rest, re.I))
    passed = len(points) - failed - skipped
    if status == 'timeout':
        return Result(passed, failed + 1, skipped, 'TIME LIMIT')
    if status == 77 and not failed:
        return Result(passed, 0, skipped + 1, 'skipped')
    if status != 0 or failed:
        return Result(passed, max(failed, 1), skipped,
                      f'FAILED (exit status {status})')
    if plan and int(plan.group(1)) > len(points):
        return Result(passed, 1, skipped,
                      f'FAILED ({len(points)} of {plan.group(1)} points)')
    if not points:
        return Result(1, 0, 0, 'ok')
    return Result(passed, 0, skipped, 'ok' if passed else 'skipped')


class Runner:
    def __init__(self, suite, logs, again):
        self.suite = suite
        self.again = again
        self.logs = logs
        self.lock = threading.Lock()
        self.queue = collections.deque()
        self.results = []
        self.second = []
        self.running = set()

    def run(self, test, second=False):
        log = os.path.join(self.logs, test['name'] +
                           ('-again.log' if second else '.log'))
        limit = test.get('timeout', 60)
        start = time.monotonic()
        with open(log, 'wb') as out:
            process = subprocess.Popen(
                test['command'], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
                cwd=test.get('cwd'),
                env={**os.environ, **test.get('env', {})})
            self.running.add(process.pid)
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                status = 'timeout'
            # Whatever a test leaves behind goes with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            self.running.discard(process.pid)
        with open(log, encoding='utf-8', errors='replace') as file:
            text = file.read()
        result = judge(text, status)
        if second:
            result = result._replace(note=result.note + ', second run')
        with self.lock:
            if result.failed and self.again and not second:
                self.second.append(test)
            else:
                self.results.append(result)
            self.report(test, result, time.monotonic() - start, log, text)

    def report(self, test, result, seconds, log, text):
        count = result.passed + result.failed + result.skipped
        points = f', {count} points' if count > 1 else ''
        print(f'{self.suite}/{test["name"]}: {result.note}'
              f' ({seconds:.1f} s{points})', flush=True)
        if result.failed:
            for line in text.splitlines()[-40:]:
                print('    ' + line)
            print(f'    [the whole log: {log}]', flush=True)

    def work(self):
        while True:
            try:
                test = self.queue.popleft()
            except IndexError:
                return
            self.run(test)

    def run_again(self):
        for test in self.second:
            print(f'{self.suite}/{test["name"]}: once more, alone', flush=True)
            self.run(test, second=True)

    def stop(self):
        self.queue.clear()
        for pid in list(self.running):
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--suite', required=True)
    parser.add_argument('--logs', required=True)
    parser.add_argument('--counts', required=True)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--again', action='store_true')
    args = parser.parse_args()
    runner = Runner(args.suite, args.logs, args.again)
    os.makedirs(args.logs, exist_ok=True)
    runner.queue.extend(json.loads(line) for line in sys.stdin if line.strip())
    threads = [threading.Thread(target=runner.work, daemon=True)
               for _ in range(args.jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
        runner.run_again()
    except KeyboardInterrupt:
        runner.stop()
        sys.exit(130)
    counts = [sum(getattr(result, field) for result in runner.results)
              for field in ('passed', 'failed', 'skipped')]
    with open(args.counts, 'a', encoding='utf-8') as file:
        print(*counts, file=file)
    print(f'{args.suite}: {counts[0]} passed, {counts[1]} failed,'
          f' {counts[2]} skipped', flush=True)
    sys.exit(1 if counts[1] else 0)


main()
