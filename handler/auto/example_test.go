package auto_test

import (
	"fmt"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/auto"
)

// The import alone makes the variable work:
//
//	EPITAPH=dir=/var/crash ./program
func Example() {
	fmt.Println("enabled:", handler.Enabled()) // true when EPITAPH is set
	// Output: enabled: false
}
