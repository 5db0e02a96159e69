// Package native is a core of three floors.
//
//	floor   after a fault  what it is for
//	ground  all            what everybody needs
//	middle  some           what some need
//	top     none           switching it on
package native
