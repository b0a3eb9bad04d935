package governance

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const (
	benchExperiments = 1000
	benchGroups      = 40
	benchUsers       = 160
)

// largeReview returns a review of 1,000 experiments with 12 grants each.
func largeReview(level func(experiment, grant int) string) map[string]any {
	grants := []any{}
	experiments := []any{}
	for e := range benchExperiments {
		name, id := fmt.Sprintf("/Projects/team-%02d/experiment-%04d", e%benchGroups, e), fmt.Sprint(100000+e)
		experiments = append(experiments, map[string]any{
			"id": id, "name": name, "owner": fmt.Sprintf("user-%03d@example.com", e%benchUsers),
			"tags": mapValueOf(map[string]string{"team": "risk"}), "last_update_time": "2026-11-26T04:00:00.000Z",
		})
		for i := range 12 {
			kind, principal := "group", fmt.Sprintf("group-%02d", (e+i*7)%benchGroups)
			if i%3 == 0 {
				kind, principal = "user", fmt.Sprintf("user-%03d@example.com", (e*5+i)%benchUsers)
			}
			g := matrixGrantOf(name, kind, principal, level(e, i), i%2 == 0, "experiment_id", id, "effective", true, "display_name", principal)
			g["inherited_from_path"], g["inherited_from"] = nil, listValueOf()
			if i%2 == 0 {
				g["inherited_from_path"] = fmt.Sprintf("/Projects/team-%02d", e%benchGroups)
				g["inherited_from"] = listValueOf(fmt.Sprintf("/directories/%d", e%benchGroups))
			}
			grants = append(grants, g)
		}
	}
	return map[string]any{"grants": grants, "experiments": experiments, "unreadable": []any{}, "server": "https://example.com"}
}

// largePrincipals returns 200 principals. Each group has ten members, and every fifth group contains the next four.
func largePrincipals() map[string]any {
	principals, members := []any{}, []any{}
	add := func(kind, name string) {
		principals = append(principals, map[string]any{
			"kind": kind, "name": name, "exists": true, "active": true, "admin": false, "display_name": name, "external_id": nil,
		})
	}
	for i := range benchUsers {
		add("user", fmt.Sprintf("user-%03d@example.com", i))
	}
	for g := range benchGroups {
		name := fmt.Sprintf("group-%02d", g)
		add("group", name)
		for i := range 10 {
			user := fmt.Sprintf("user-%03d@example.com", (g*5+i)%benchUsers)
			members = append(members, map[string]any{"group": name, "kind": "user", "name": user, "via": listValueOf()})
			if outer := g - g%5; outer != g {
				members = append(members, map[string]any{
					"group": fmt.Sprintf("group-%02d", outer), "kind": "user", "name": user, "via": listValueOf(name),
				})
			}
		}
	}
	return map[string]any{"principals": principals, "members": members, "everybody": listValueOf(), "incomplete": []any{}}
}

func listValueOf(elements ...string) tftypes.Value {
	values := make([]tftypes.Value, len(elements))
	for i, element := range elements {
		values[i] = valueOf(element)
	}
	return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, values)
}

func anyLevel(e, i int) string {
	return []string{"CAN_READ", "CAN_EDIT", "CAN_MANAGE", "CAN_RUN"}[(e+i)%4]
}

// asLists returns an object with lists instead of tuples, as data sources return them.
func asLists(object map[string]any) tftypes.Value {
	lists := map[string]any{}
	for name, value := range object {
		lists[name] = value
		elements, ok := value.([]any)
		if !ok || len(elements) == 0 {
			continue
		}
		values := []tftypes.Value{}
		for _, element := range elements {
			values = append(values, valueOf(element))
		}
		lists[name] = tftypes.NewValue(tftypes.List{ElementType: values[0].Type()}, values)
	}
	return valueOf(lists)
}

// benchmarkCall measures a call through the plugin protocol, relative to decoding the JSON of its arguments.
func benchmarkCall(b *testing.B, name string, arguments ...tftypes.Value) {
	b.Helper()
	server, _ := functionServer(b)
	req := &tfprotov6.CallFunctionRequest{Name: name}
	var texts [][]byte
	for _, argument := range arguments {
		encoded, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, argument)
		if err != nil {
			b.Fatal(err)
		}
		req.Arguments = append(req.Arguments, &encoded)
		text, err := json.Marshal(plainOf(argument))
		if err != nil {
			b.Fatal(err)
		}
		texts = append(texts, text)
	}
	var bytes int
	for b.Loop() {
		resp, err := CallFunction(b.Context(), req, server.CallFunction)
		if err != nil || resp.Error != nil {
			b.Fatal(err, resp.Error)
		}
		bytes = len(resp.Result.MsgPack)
	}
	mean := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(bytes)/1e6, "MB")
	start := time.Now()
	const reads = 5
	for range reads {
		for _, text := range texts {
			var read any
			if err := json.Unmarshal(text, &read); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(mean)/(float64(time.Since(start))/reads), "x-JSON")
}

func BenchmarkEffectiveAccess(b *testing.B) {
	for name, defaultLevel := range map[string]any{"databricks": nil, "default-level": "CAN_READ"} {
		r := largeReview(anyLevel)
		r["default_level"] = defaultLevel
		b.Run(name, func(b *testing.B) { benchmarkCall(b, "effective_access", asLists(r), asLists(largePrincipals())) })
		b.Run(name+"-tuples", func(b *testing.B) { benchmarkCall(b, "effective_access", valueOf(r), valueOf(largePrincipals())) })
	}
}

func BenchmarkReviewDiff(b *testing.B) {
	before := largeReview(anyLevel)
	after := largeReview(func(e, i int) string {
		if e%10 == 0 {
			return "CAN_MANAGE"
		}
		return anyLevel(e, i)
	})
	b.Run("reviews", func(b *testing.B) { benchmarkCall(b, "review_diff", asLists(before), asLists(after)) })
	snapshot, _ := mustCall(b, "review_snapshot", asLists(before)).(string)
	b.Run("snapshot", func(b *testing.B) { benchmarkCall(b, "review_diff", valueOf(snapshot), asLists(after)) })
}
