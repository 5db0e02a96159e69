package panics

// belowArgument tells what is right below the spill space of gopanic's arguments: the
// address at which the function goes on that panics. CALL has pushed it.
const belowArgument = 0
