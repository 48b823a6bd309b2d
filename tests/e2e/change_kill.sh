#!/bin/sh
# kill -9 at 100 random moments of an apply: each time the next start settles every step by reading, nothing is sent twice, and
# the undo restores exactly what was. A moment is so many changes received by the hosts and a little more, so that it lies within
# the apply however fast the machine is; what had ended before its kill does not count and is done again. KILLS and SEED from the
# environment; a failure names its moment.
. "$(dirname "$0")/../lib/run.sh"
. "$SOURCE/tests/lib/change_estate.sh"
change_estate 3 18 5
# A scope without DNS settings of its own shows the server's; no cmdlet takes its own ones away again.
run 0 --db "$db" set scopes '' dynamic_updates=always --yes
run 0 --db "$db" set scopes '' dynamic_updates=on-client-request --yes

cat >"$T/kill.py" <<'END'
import glob, os, random, re, signal, sqlite3, subprocess, sys, time
ipamtui, simhost, estate, db, kills, seed = *sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
SET = ["set", "scopes", "", "lease_duration=3d", "description+= (moved)", "dynamic_updates=never", "--yes"]
SCOPES, VALUES, CALLS = 18, 54, 36
random.seed(seed)

def ipam(*args):
    done = subprocess.run([ipamtui, "--db", db, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (args, done.returncode, done.stdout[-600:], done.stderr[-600:])

def dump():
    text = subprocess.run([simhost, "dump", estate], capture_output=True, text=True, check=True).stdout
    return [line for line in text.splitlines() if not line.startswith("SimHost")]

def sent():
    return "".join(open(path).read() for path in glob.glob(estate + "/*.calls"))

def forget_calls():
    for path in glob.glob(estate + "/*.calls"):
        os.truncate(path, 0)

def ask(sql, *values):
    store = sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=20)
    rows = store.execute(sql, values).fetchall()
    store.close()
    return rows

before = dump()
assert not any("LeaseDuration=P3D\t" in line for line in before), "nobody has three days yet"
real = half = attempts = 0
while real < kills:
    attempts += 1
    assert attempts <= kills * 2 + 10, f"only {real} of {attempts} were killed while they were at work"
    forget_calls()
    wanted, more = random.randint(0, CALLS - 1), random.random() * 0.008
    moment = f"kill {real + 1}, at {wanted} calls and {more * 1000:.1f} ms (SEED={seed})"
    apply = subprocess.Popen([ipamtui, "--db", db, *SET], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while apply.poll() is None:
        calls = sent()
        if calls and calls.count(" Set-") >= wanted:
            break
        time.sleep(0.001)
    time.sleep(more)
    apply.send_signal(signal.SIGKILL)
    killed = apply.wait() == -signal.SIGKILL
    (change, phase), = ask("SELECT id, phase FROM change ORDER BY id DESC LIMIT 1")
    killed = killed and phase == "running"
    ipam("change", "settle")

    # Nothing is sent while settling, but for what the hosts had received already; and no call was made twice.
    made = re.findall(r"(Set-\S+ -ScopeId:S \"[0-9.]*\")", sent())
    assert len(made) == len(set(made)), f"{moment}: sent twice"
    assert ask("SELECT count(*) FROM change WHERE phase <> 'ended'") == [(0,)], f"{moment}: every change has ended"
    assert ask("SELECT count(*) FROM change_step WHERE state IN ('open', 'planned', 'unknown')") == [(0,)], f"{moment}: every step is settled"
    # What the journal calls done is what the estate shows.
    (done, leases), = ask("SELECT count(*), sum(property = 'lease_duration') FROM change_step WHERE change = ? AND state = 'done'", change)
    shown = sum("LeaseDuration=P3D\t" in line for line in dump())
    assert (leases or 0) == shown, f"{moment}: the journal says {leases or 0} leases are changed, the estate {shown}"
    ipam("change", "undo", str(change), "--yes")
    after = dump()
    assert after == before, f"{moment}: the undo restores what was: {[p for p in zip(before, after) if p[0] != p[1]][:2]}"
    real += killed
    half += killed and 0 < done < VALUES

print(f"{real} kills within an apply ({attempts} tried), {half} of them with the change half done")
assert real == kills and half >= kills // 2, "most of them hit the middle"
END
python3 "$T/kill.py" "$IPAMTUI" "$SIMHOST" "$estate" "$db" "${KILLS:-100}" "${SEED:-1}" || fail 'killed at any moment, all is settled and can be undone'
