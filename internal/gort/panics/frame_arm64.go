package panics

// belowArgument tells what is right below the spill space of gopanic's arguments: the
// address at which the caller goes on of the function that panics. The function has
// stored it at the bottom of its frame.
const belowArgument = 1
