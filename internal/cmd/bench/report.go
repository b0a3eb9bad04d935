package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// printTables prints a table for each row, with a line for each series.
func printTables(out io.Writer, results []*result) {
	for _, r := range results {
		fmt.Fprintf(out, "\n%s: %s\n", r.row.name, r.row)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  \tCALLS\tTIME\tx DATA\tx PLUGIN\tCPU\tMEMORY\tCALLS BY ROUTE")
		for _, s := range r.all() {
			overPlugin, memory := "", ""
			if r.row.plugin {
				overPlugin = fmt.Sprintf("%.2f", ratio(*s, r.plugin))
			}
			if s != &r.floor {
				memory = megabytes(s.memory())
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%s\n",
				s.name, count(total(s.calls)), seconds(median(s.samples, took)), ratio(*s, r.floor), overPlugin,
				seconds(median(s.samples, processor)), memory, routes(s.calls))
		}
		_ = table.Flush()
		for _, s := range []series{r.bulk, r.off} {
			if r.row.apply {
				fmt.Fprintf(out, "  plan after the apply, %s: %s calls (%s)\n", s.name, count(total(s.planCalls)), routes(s.planCalls))
			}
		}
	}
	fmt.Fprintln(out, `
terraform_data and time_static are floors: the same number of resources, without a plugin and with HashiCorp's time provider. jsondecode
is the floor of functions: a plan that reads the same files and starts the provider. bulk on and bulk off are the mlflow provider. TIME is
the median of all runs, and x DATA and x PLUGIN are its ratios to the floors. CPU is the processor time of the CLI and its plugins. CALLS
and MEMORY, the peak of a plugin, are maximums of all runs.`)
}

// printTargets prints a line for each target, and returns the number of missed targets.
func printTargets(out io.Writer, results []*result) (missed int) {
	fmt.Fprintln(out)
	verdict := func(met bool, format string, arguments ...any) {
		word := "met"
		if !met {
			word = "MISSED"
			missed++
		}
		fmt.Fprintf(out, "%-7s %s\n", word, fmt.Sprintf(format, arguments...))
	}
	for _, r := range results {
		t := r.row.target
		s := r.off
		if t.bulk {
			s = r.bulk
		}
		name := fmt.Sprintf("%s, bulk %s", r.row.name, onOff(t.bulk))
		if r.row.function != "" {
			name = r.row.name
		}
		verdict(total(s.calls) <= t.calls, "%s: %s calls, target at most %s", name, count(total(s.calls)), count(t.calls))
		if t.planCalls > 0 {
			verdict(total(s.planCalls) <= t.planCalls, "%s: %s calls of the plan after the apply, target at most %s",
				name, count(total(s.planCalls)), count(t.planCalls))
		}
		if t.ratio > 0 {
			over := ratio(s, r.floor)
			verdict(over <= t.ratio, "%s: %.2f times the floor, target at most %.2f", name, over, t.ratio)
		}
		if t.pluginRatio > 0 {
			over := ratio(s, r.plugin)
			verdict(over <= t.pluginRatio, "%s: %.2f times the plugin floor, target at most %.2f", name, over, t.pluginRatio)
		}
		if t.extra > 0 {
			extra := median(s.samples, took) - median(r.floor.samples, took)
			verdict(extra <= t.extra, "%s: %s more than the floor, target at most %s", name, seconds(extra), seconds(t.extra))
		}
		memory, most := max(r.bulk.memory(), r.off.memory()), cmp.Or(t.memory, memoryTarget)
		verdict(memory < most, "%s: %s of memory, target below %s", r.row.name, megabytes(memory), megabytes(most))
	}
	return missed
}

// ratio returns the time of a series divided by that of a floor.
func ratio(s, floor series) float64 {
	return median(s.samples, took).Seconds() / median(floor.samples, took).Seconds()
}

func routes(calls map[string]int) string {
	var list []string
	for _, route := range slices.Sorted(maps.Keys(calls)) {
		list = append(list, fmt.Sprintf("%s %d", route, calls[route]))
	}
	return strings.Join(list, ", ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

func megabytes(n int64) string {
	if n == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d MB", n>>20)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
