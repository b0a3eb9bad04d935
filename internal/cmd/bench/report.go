package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable prints two lines a row: with bulk refresh and without.
func printTable(out io.Writer, results []result) {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MANAGED\tOF\tLATENCY\tBULK\tCALLS\tPLAN\tFLOOR\tRATIO\tCPU\tFLOOR'S\tMEMORY\tCALLS BY ROUTE")
	for _, r := range results {
		for _, s := range []series{r.bulk, r.off} {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%s\n",
				r.row, count(r.row.size), r.row.latency, onOff(s.bulk), count(total(s.calls)),
				seconds(median(s.samples, took)), seconds(median(r.floor, took)), r.ratio(s),
				seconds(median(s.samples, processor)), seconds(median(r.floor, processor)), megabytes(s.memory()), routes(s.calls))
		}
	}
	_ = table.Flush()
	fmt.Fprintln(out, "\nTimes are medians. FLOOR is the plan of as many terraform_data of the same shape, CPU what a plan computes, on all processors together.\n"+
		"CALLS are the most and MEMORY is the provider's peak of any run.")
}

// printTargets prints a line for each target, and tells how many were missed.
func printTargets(out io.Writer, results []result) (missed int) {
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
		verdict(total(s.calls) <= t.calls, "%s: %s calls, target at most %s", name, count(total(s.calls)), count(t.calls))
		if t.ratio > 0 {
			verdict(r.ratio(s) <= t.ratio, "%s: %.2f times the floor, target at most %.2f", name, r.ratio(s), t.ratio)
		}
		memory := max(r.bulk.memory(), r.off.memory())
		verdict(memory < memoryTarget, "%s: %s of memory, target below %s", r.row.name, megabytes(memory), megabytes(memoryTarget))
	}
	return missed
}

func (r result) ratio(s series) float64 {
	return median(s.samples, took).Seconds() / median(r.floor, took).Seconds()
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
