package stackfmt

// Stack is a list of calls, the oldest first and the most recent last: Python's
// StackSummary. It is a plain slice, so that a list that came from elsewhere
// (Python's from_list) is a Stack by conversion and can be edited before it is
// formatted.
type Stack []Frame
