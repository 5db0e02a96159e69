package gort

// quantum is sys.PCQuantum: what the program counters of the pclntab are multiples of.
const quantum = 4
