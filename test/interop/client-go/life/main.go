// Command life is what runs under `k8s-leader run`: it leaves signs of its life, from its first
// instructions on, in a file of the given folder that is named after its term's fencing token. It ends
// with the first TERM. A program of its own, because a runtime or client-go would come to its first
// sign much later.
package main

import (
	"os"
	"path/filepath"

	"k8s-leader.test/interop/signs"
)

func main() {
	signs.Write(filepath.Join(os.Args[1], os.Getenv("LEADER_FENCING_TOKEN")), nil)
}
