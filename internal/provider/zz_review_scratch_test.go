//go:build mlflow

package provider_test

import "testing"

func TestZZReview(t *testing.T) {
	for row, kind := range serverKinds {
		if kind.grants == rbacGrants || kind.grants == listedGrants {
			t.Run(row, func(t *testing.T) { permissionReview(t, startServer(t, kind)) })
		}
	}
}
