"""Runs a program on a pseudo-terminal, as a person uses it.

Usage: terminal.py STEPS PROGRAM [ARGUMENT ...], where STEPS is JSON: a list of
["expect", TEXT], ["send", TEXT], ["resize", ROWS, COLUMNS], and ["tell", TEXT], which prints the text to
the caller and waits for a line of its standard input. Each `expect` looks behind what the one before has found. Prints at last
{"code": exit code, "output": all that the terminal was sent, "missing": the text that did not come in time}.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

DUE_S = 30


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    steps = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    resize(terminal, 24, 80)
    output = b""
    seen = 0

    def read(seconds):
        """What comes within so long; False at the end."""
        nonlocal output
        if not select.select([terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says so when the program has ended.
            return False
        output += data
        return data != b""

    missing = None
    for name, *rest in steps:
        if name == "send":
            os.write(terminal, rest[0].encode())
        elif name == "resize":
            resize(terminal, *rest)
        elif name == "tell":
            print(rest[0], flush=True)
            sys.stdin.readline()
        else:
            wanted = rest[0].encode()
            end = time.monotonic() + DUE_S
            while output.find(wanted, seen) < 0 and time.monotonic() < end and read(0.1):
                pass
            found = output.find(wanted, seen)
            if found < 0:
                missing = rest[0]
                break
            seen = found + len(wanted)
    end = time.monotonic() + (DUE_S if missing is None else 0)
    while time.monotonic() < end and read(0.1):
        pass
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended == 0 and missing is None:
        ended, status = os.waitpid(child, 0)
    if ended == 0:
        os.kill(child, 9)
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"code": code, "output": output.decode(errors="replace"), "missing": missing}), flush=True)


main()
