"""A process of our group that does nothing but notice which signals went to the whole group.

The system does not tell a process whether a signal was meant for it alone. The witness blocks
every signal, so what reached it stays pending until it is asked. It ends when we do.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 3.0
DESCRIPTORS = 65536


class Witness:
    """The ends of two pipes: a question and its answer are a byte each."""

    def __init__(self, question: int, answer: int) -> None:
        self.question = question
        self.answer = answer
        self.is_silent = False

    def saw(self, number: int) -> bool:
        """Whether the signal reached the witness, too; no answer counts as no.

        Who was silent once (ended, or stopped and not continued with us) is not asked again: what
        it says late would answer another question.
        """
        if self.is_silent:
            return False
        try:
            os.write(self.question, bytes((number,)))
            self.is_silent = not select.select([self.answer], [], [], PATIENCE)[0]
        except BrokenPipeError:
            self.is_silent = True
        return not self.is_silent and os.read(self.answer, 1) == b"y"


@contextmanager
def call_witness() -> Iterator[Witness]:
    """The witness, from here to the end of the block."""
    asked, question = os.pipe()
    answer, told = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if not pid:
        try:
            os.dup2(asked, 0)
            os.dup2(told, 1)
            os.closerange(2, DESCRIPTORS)
            os.chdir("/")  # not inside a slot
            answer_questions()
        finally:
            os._exit(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(asked)
    os.close(told)
    try:
        yield Witness(question, answer)
    finally:
        os.close(question)
        os.close(answer)
        os.kill(pid, signal.SIGKILL)  # ours and not waited for yet, so the number is its own
        os.waitpid(pid, 0)


def answer_questions() -> None:
    """Until nobody can ask any more."""
    while asked := os.read(0, 1):
        is_pending = asked[0] in signal.sigpending()
        if is_pending:
            signal.sigwait({asked[0]})
        os.write(1, b"y" if is_pending else b"n")
