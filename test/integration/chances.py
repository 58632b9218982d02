"""What luck may do to a count, for tests that count what comes of random tries."""

import math

LUCK = 1e-8  # the chance that a count is below its bound though the rate is what is said


def times(count, tries, rate):
    """The chance to find it so often."""
    ways = math.lgamma(tries + 1) - math.lgamma(count + 1) - math.lgamma(tries - count + 1)
    return math.exp(ways + count * math.log(rate) + (tries - count) * math.log1p(-rate))


def fewest(tries, rate):
    """How often what comes at this rate, or more often, has to have come in that many tries. 0 when they are too few to tell."""
    below = 0.0
    for count in range(tries):
        below += times(count, tries, rate)
        if below > LUCK:
            return count
    return tries
