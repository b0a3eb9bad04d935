// The terraform-provider-mlflow command is the Terraform and OpenTofu provider for MLflow.
//
// It is started by the Terraform or OpenTofu CLI, not by people; the -debug flag is the exception.
package main

import (
	"flag"
	"log"
	"os"
	"runtime"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/provider"
)

// version is the released version without a leading "v". The release build sets it with -ldflags.
var version = "dev"

// headroomSize is how much memory is set aside and never touched, so that the collector waits for as much more garbage. A plan makes little
// else, and what is alive is so small that the collector would run all the time: a quarter of what the provider adds to a plan.
const headroomSize = 32 << 20

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger, and print the TF_REATTACH_PROVIDERS value that makes a CLI use this process")
	flag.Parse()

	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		quietLogs()
	}
	headroom := make([]byte, headroomSize)
	err := tf6server.Serve("registry.terraform.io/mlflow-terraform/mlflow", provider.Server(version), options...)
	runtime.KeepAlive(headroom)
	if err != nil {
		log.Fatalf("Could not serve the provider: %s", err)
	}
}

// quietLogs keeps logs from being written that nobody reads. Left alone, the plugin libraries write every trace, and the CLI reads, parses
// and drops it unless it was asked for logs: that was half of what a plan cost over the CLI's own work.
func quietLogs() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MLFLOW"} {
		_ = os.Setenv(name, "off") // fails for malformed names only
	}
}
