"""The explorer: real functions on real threads of this interpreter, under a schedule.

- `conductor` runs two to four threads, one step at a time, in the order that a schedule says;
- `controlled` holds the locks, conditions, queues and so on that it can see through;
- `events` stops a thread at each of its opcodes;
- `program` puts a program on the stage before each run, and cleans up after the last one;
- `search` runs every schedule, or a stated number of them, the simplest first;
- `reduction` runs one of each kind of schedule that could make a difference;
- `shadow` follows what each opcode puts on the stack and touches;
- `tracing` runs one schedule and writes down all there is to see;
- `text` explores a source text, and is called in an interpreter of its own.

`helpers.measure.explorer` is the way to use it.
"""
