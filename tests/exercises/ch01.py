"""Wrong answers to the exercises of chapter 1, with words that the refusal must say."""

WRONG = {
    "1.1": [
        (
            """
def run_together(functions):
    results = [None] * len(functions)
    for place, function in enumerate(functions):
        def run(place=place, function=function):
            results[place] = function()
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    return results
""",
            "one after another",
        ),
        (
            """
def run_together(functions):
    results = []
    threads = [
        threading.Thread(target=lambda f=f: results.append(f())) for f in functions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
""",
            "in the order in which the threads ended",
        ),
        (
            """
def run_together(functions):
    results = [None] * len(functions)
    def run(place):
        results[place] = functions[place]()
    for place in range(len(functions)):
        threading.Thread(target=run, args=(place,)).start()
    return results
""",
            "Join each of them",
        ),
        (
            """
def run_together(functions):
    results = []
    threads = [threading.Thread(target=results.append(function())) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
""",
            "without parentheses",
        ),
        (
            """
def run_together(functions):
    results = []
    threads = [threading.Thread(target=lambda f=f: results.append(f())) for f in functions]
    for thread in threads:
        thread.run()
    return results
""",
            "call start, not run",
        ),
        (
            """
def run_together(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    return [thread.join() for thread in threads]
""",
            "A thread drops what its function returns",
        ),
        (
            """
def run_together(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
""",
            "returns None",
        ),
        (
            """
def run_together(functions):
    threads = [threading.Thread(target=function) for function in functions]
    return threads
""",
            "None of the functions was called",
        ),
    ],
    "1.2": [
        (
            """
durations = {
    "compute, compute": (4, 2, 2),
    "compute, wait": (4, 3, 2),
    "wait, wait": (4, 2, 2),
}
""",
            "One core does one step of computing at a time",
        ),
        (
            """
durations = {
    "compute, compute": (4, 4, 2),
    "compute, wait": (4, 2, 2),
    "wait, wait": (4, 2, 2),
}
""",
            "Computing never overlaps here, waiting may",
        ),
        (
            """
durations = {
    "compute, compute": (4, 4, 2),
    "compute, wait": (4, 3, 2),
    "wait, wait": (4, 4, 2),
}
""",
            "A wait needs no core",
        ),
        (
            """
durations = {
    "compute, compute": (2, 4, 2),
    "compute, wait": (4, 3, 2),
    "wait, wait": (4, 2, 2),
}
""",
            "count all steps of both tasks",
        ),
        (
            """
durations = {
    "compute, compute": (4, 4, 2),
    "compute, wait": (4, 3, 3),
    "wait, wait": (4, 2, 2),
}
""",
            "Each task has a core of its own",
        ),
        (
            'durations = {"compute, compute": (4, 4)}',
            "needs three numbers",
        ),
        (
            """
durations = {
    "compute, compute": (4, 4, 2),
    "compute, wait": (4, ..., 2),
    "wait, wait": (4, 2, 2),
}
""",
            "Replace the ...",
        ),
    ],
    "1.3": [
        (
            """
def speed_up(serial_share, workers):
    return 1 / ((1 - serial_share) + serial_share / workers)

limit = 5
""",
            "You divided the serial share",
        ),
        (
            """
def speed_up(serial_share, workers):
    return serial_share + (1 - serial_share) / workers

limit = 0.2
""",
            "That is the time that is left",
        ),
        (
            """
def speed_up(serial_share, workers):
    return serial_share + (1 - serial_share) * workers

limit = 5
""",
            "Gustafson",
        ),
        (
            """
def speed_up(serial_share, workers):
    return workers

limit = 5
""",
            "serial share plus the rest / workers",
        ),
        (
            """
def speed_up(serial_share, workers):
    return 1 / (serial_share + (1 - serial_share) / workers)

limit = 1 / 0.8
""",
            "only the serial part is left",
        ),
    ],
}
