// The terraform-provider-mlflow command is the Terraform and OpenTofu provider for MLflow.
//
// The Terraform or OpenTofu CLI starts it. To debug it, start it with the -debug flag.
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

// headroomSize is the size of an allocation that is never used, so that the garbage collector runs less often. Little of what a plan
// allocates remains in use: without headroom, garbage collection is a quarter of the time that the provider adds to a plan.
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

// quietLogs turns off logs that the CLI would drop. The plugin libraries write every trace by default, and the CLI reads and parses it even
// if logs are not enabled: half of the time that a plan takes in addition to the CLI's own work.
func quietLogs() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MLFLOW"} {
		_ = os.Setenv(name, "off") // fails for malformed names only
	}
}
