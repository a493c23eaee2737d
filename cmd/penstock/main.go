// Command penstock runs Lambda functions on the events of queues and streams:
// as a daemon, or once on local ones. To build it with sources of your own,
// copy this file and append them to the list.
package main

import (
	"os"

	"github.com/penstock/penstock/awsclient"
	"github.com/penstock/penstock/daemon"
	"github.com/penstock/penstock/sources/all"
)

func main() {
	client := new(awsclient.Client)
	os.Exit(daemon.Program{Kinds: all.Over(client), Attempts: &client.Attempts}.Main())
}
