# Counts the results of a TAP or KTAP document: prints "PASSED FAILED SKIPPED" at
# the end, and errors of the document itself as lines that start with "wrong: ".
#
# Results are counted at the leaves: a result that follows more deeply indented
# results is their summary, and counts only if it failed and none of them did. The
# document needs a plan, and every plan must be met.

function wrong(what) {
	print "wrong: " what
	failed++
}

# Combines the results below DEPTH; sets children and children_failed.
function close_below(depth,    d) {
	children = children_failed = 0
	for (d in results) {
		if (d + 0 <= depth) continue
		children += results[d]
		children_failed += failures[d]
		if ((d in plan) && plan[d] != results[d])
			wrong(sprintf("%d tests planned, %d made", plan[d], results[d]))
		delete results[d]
		delete failures[d]
		delete plan[d]
	}
	for (d in plan) {
		if (d + 0 <= depth) continue
		if (plan[d] > 0) wrong(sprintf("%d tests planned, 0 made", plan[d]))
		delete plan[d]
	}
}

{
	match($0, /^ */)
	depth = RLENGTH
	line = substr($0, depth + 1)
}

line ~ /^1\.\.[0-9]+/ {
	plan[depth] = substr(line, 4) + 0
	if (plan[depth] == 0 && toupper(line) ~ /# *SKIP/) skipped++
	next
}

line ~ /^Bail out!/ {
	wrong(line)
	next
}

line ~ /^(not )?ok( |$)/ {
	good = line ~ /^ok/
	close_below(depth)
	results[depth]++
	failures[depth] += !good || children_failed > 0
	if (children > 0) {
		if (!good && !children_failed) failed++
	} else if (!good) {
		failed++
	} else if (toupper(line) ~ /# *SKIP/) {
		skipped++
	} else {
		passed++
	}
}

END {
	close_below(0)
	if (children > 0) wrong("the last tests have no end")
	if (!(0 in plan)) wrong("there is no plan")
	else if (plan[0] != results[0] + 0)
		wrong(sprintf("%d tests planned, %d made", plan[0], results[0]))
	print passed + 0, failed + 0, skipped + 0
}
