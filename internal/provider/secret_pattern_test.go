package provider_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func TestSecretPattern(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"(sqlite3.IntegrityError) UNIQUE constraint failed", "[SQL: UPDATE experiments SET name=?]", "[parameters: ('x',)]",
		"https://sqlalche.me/e/21/gkpj",
		"scrypt:32768:8:1$salt$hash", "pbkdf2:sha256:1$salt$hash", "<!doctype html><html lang=en>", "Traceback (most recent call last)",
		"admin-password-1234",
	} {
		if !acctest.SecretPattern.MatchString(text) {
			t.Errorf("SecretPattern does not match %q", text)
		}
	}
}
