# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Compiles what the library would launch for GPUs that are not at hand; see offline.sh."""
import argparse
import concurrent.futures
import csv
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

RECIPE = '1'  # part of the key of what is cached: raise it when compiling or reading a compiler's output changes
ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / 'docs/gpu.csv'
PAGE = ROOT / 'docs/gpu.md'

# Networks that, together, have every head and every loss, and the one whose map of 64x64 takes Winograd's smaller tiles with the larger
# products; besides all operators' own cases.
SIZES = {'deeplabv3_r101-d8_512x512_160k_ade20k': '512x512'}  # of images; 512x1024 else
NETWORKS = [*SIZES, 'encnet_r50-d8_512x1024_40k_cityscapes', 'deeplabv3plus_r50-d8_512x1024_40k_cityscapes',
            'deeplabv3_sep_r101-d8_512x1024_40k_b16_cityscapes', 'ocrnet_hr18_512x1024_40k_cityscapes',
            'ocrnetplus_r101-d8_512x1024_40k_b8_cityscapes_p1', 'fcnplus_hr48_512x1024_80k_b16_cityscapes',
            'ocrnet_hr48_512x1024_40k_b16_rmi_cityscapes']

# A target: its compiler (kind), which is also its class in tests/offline/launches.c, and another (also)
# if it launches other kernels for some precisions; the largest work-group and its local memory in bytes;
# and what limits how many waves (warps, threads) a unit holds at once (a SIMD of AMD, a multiprocessor of
# NVIDIA, an execution unit of Intel).
TARGETS = {
    'gfx906': dict(kind='amd', group=256, local=65536, name='AMD Radeon VII, MI50', waves=10),
    'gfx90a': dict(kind='amd', also='cdna', group=256, local=65536, name='AMD MI210, MI250', waves=8),
    'gfx942': dict(kind='amd', also='cdna', group=256, local=65536, name='AMD MI300', waves=8),
    'gfx1030': dict(kind='amd', group=256, local=65536, name='AMD RX 6800', waves=16),
    'gfx1100': dict(kind='amd', also='rdna3', group=256, local=65536, name='AMD RX 7900', waves=16),
    'gfx1201': dict(kind='amd', also='rdna4', group=256, local=65536, name='AMD RX 9070', waves=16),
    'sm_60': dict(kind='nvidia', group=1024, local=49152, name='NVIDIA P100', waves=64, unit_local=65536),
    'sm_75': dict(kind='nvidia', group=1024, local=49152, name='NVIDIA T4, RTX 20', waves=32, unit_local=65536),
    'sm_80': dict(kind='nvidia', also='ampere', group=1024, local=49152, name='NVIDIA A100', waves=64,
                  unit_local=167936),
    'sm_90': dict(kind='nvidia', also='ampere', group=1024, local=49152, name='NVIDIA H100', waves=64,
                  unit_local=233472),
    'skl': dict(kind='gen9', group=256, local=65536, name='Intel Gen9', waves=7),
    'tgllp': dict(kind='xe', group=512, local=65536, name='Intel Xe-LP', waves=7),
    'dg2': dict(kind='xe', also='arc', group=1024, local=65536, name='Intel Arc', waves=8),
}


def classes_of(target):
    return [TARGETS[target][key] for key in ('kind', 'also') if key in TARGETS[target]]


def merged(sets):
    """{(program, options): {kernel: largest work-group}} of several classes."""
    all_of = {}
    for one in sets:
        for key, kernels in one.items():
            known = all_of.setdefault(key, {})
            for kernel, group in kernels.items():
                known[kernel] = max(group, known.get(kernel, 0))
    return all_of


# -- what is launched


class Launches:
    def __init__(self, program):
        self.program = program
        self.sources = {}

    def lines(self, *args):
        run = subprocess.run([self.program, *args], capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(f'launches {" ".join(args)}: {run.stderr.strip()}')
        return [line.split('\t') for line in run.stdout.splitlines()]

    def network(self, kind, name):
        return self.lines('network', kind, str(ROOT / f'configs/{name}.ini'), '2', SIZES.get(name, '512x1024'))

    def sets(self, kind):
        """{(program, options): {kernel: largest work-group}} of everything that is launched."""
        rows = self.lines('ops', kind)
        for name in NETWORKS:
            rows += self.network(kind, name)
        found = {}
        for row in rows:
            if row[-1] == 'end' or row[1] == 'CLBlast':
                continue
            kernels = found.setdefault((row[1], row[3].strip('"').strip()), {})
            kernels[row[2]] = max(kernels.get(row[2], 0), int(row[4]))
        return found

    def source(self, program):
        if program not in self.sources:
            self.sources[program] = subprocess.run([self.program, 'source', program], capture_output=True,
                                                   text=True, check=True).stdout
        return self.sources[program]


# -- loops


def innermost(instructions, labels, branch, is_fma, local_bytes, idle=False):
    """Of the innermost loop with the most multiply-adds: [multiply-adds, instructions, bytes read
    from local memory].  `instructions` is a list of texts, `labels` maps a name to the index of the
    instruction behind it, branch(text) gives the name that an instruction may jump to.  `idle`: a loop
    in which nothing is multiplied does not count as an inner one."""
    loops = []
    for at, text in enumerate(instructions):
        to = branch(text)
        if to in labels and labels[to] <= at:
            loops.append((labels[to], at))
    best = [0, 0, 0]
    for first, last in loops:
        if any((a, b) != (first, last) and a >= first and b <= last and
               (not idle or any(is_fma(text) for text in instructions[a:b + 1])) for a, b in loops):
            continue
        body = instructions[first:last + 1]
        fma = sum(is_fma(text) for text in body)
        if fma > best[0]:
            best = [fma, len(body), sum(local_bytes(text) for text in body)]
    return best


# -- AMD


def amd_fma(text):
    return 2 * len(re.findall(r'\bv_pk_(?:fma|fmac)_f32', text)) + \
        len(re.findall(r'\bv_(?:dual_)?(?:fma|fmac|mad|mac)_f32|\bv_fma(?:mk|ak)_f32|\bv_dual_fma(?:mk|ak)_f32', text))


def amd_unit(text):
    return len(re.findall(r'\bv_(?:wmma|mfma)_', text))


def amd_local(text):
    read = re.match(r'ds_(?:read|load)(2?)(?:st64)?_b(\d+)', text)
    return (2 if read.group(1) else 1) * int(read.group(2)) // 8 if read else 0


def amd_branch(text):
    jump = re.match(r's_c?branch\S*\s+(\S+)', text)
    return jump.group(1) if jump else None


def compile_amd(target, path, options, tools, folder):
    out = folder / 'out.s'
    run([tools['clang'], '-x', 'cl', '-cl-std=CL1.2', '-O3', '-w', '-target', 'amdgcn-amd-amdhsa', f'-mcpu={target}',
         '-Xclang', '-finclude-default-header', '-nogpulib', '-Xclang', '-mlink-builtin-bitcode', '-Xclang',
         '/usr/lib/clc/amdgcn--amdhsa.bc', '-Xclang', '-mlink-builtin-bitcode', '-Xclang',
         f'/usr/lib/clc/{target}-amdgcn--.bc', *options.split(), '-S', str(path), '-o', str(out)])
    text = out.read_text()
    kernels = {}
    for block in re.split(r'^  - \.', text[text.index('amdhsa.kernels:'):], flags=re.M)[1:]:
        fields = dict(re.findall(r'^(?:    )?\.?(\w+):\s+(\S+)$', block, flags=re.M))
        kernels[fields['name']] = dict(
            registers=int(fields['vgpr_count']),
            spill=4 * int(fields['vgpr_spill_count']),
            private=int(fields['private_segment_fixed_size']), local=int(fields['group_segment_fixed_size']))
    for name, info in kernels.items():
        begin = text.index(f'\n{name}:')
        end = text.index('\n; Kernel info:', begin)
        waves = re.search(r'^; Occupancy: (\d+)', text[end:], flags=re.M)
        instructions, labels = [], {}
        for line in text[begin:text.index('\n.Lfunc_end', begin)].splitlines():
            label = re.match(r'(\.L\w+):', line)
            if label:
                labels[label.group(1)] = len(instructions)
            code = re.match(r'\t([a-z][^;]*)', line)
            if code:
                instructions.append(code.group(1).strip())
        info['waves'] = int(waves.group(1))
        units = any(map(amd_unit, instructions))
        info['loop'] = innermost(instructions, labels, amd_branch, amd_unit if units else amd_fma, amd_local, units)
    return kernels


# -- NVIDIA


def nvidia_local(text):
    read = re.search(r'\bLDS(?:\.U)?(?:\.(\d+))?\b', text)
    return int(read.group(1) or 32) // 8 if read else 0


def nvidia_branch(text):
    jump = re.search(r'\bBRA\b.*`\((\S+)\)', text)
    return jump.group(1) if jump else None


def compile_nvidia(target, path, options, tools, folder):
    ptx, cubin = folder / 'out.ptx', folder / 'out.cubin'
    run([tools['clang'], '-x', 'cl', '-cl-std=CL1.2', '-O3', '-w', '-target', 'nvptx64-nvidia-nvcl', '-Xclang',
         '-target-cpu', '-Xclang', target, '-Xclang', '-finclude-default-header', '-fgnu-keywords', '-nogpulib',
         '-Xclang', '-mlink-builtin-bitcode', '-Xclang', '/usr/lib/clc/nvptx64--nvidiacl.bc', *options.split(), '-S',
         str(path), '-o', str(ptx)])
    log = run([tools['ptxas'], '-v', f'-arch={target}', str(ptx), '-o', str(cubin)])
    kernels = {}
    for block in log.split('Compiling entry function ')[1:]:
        name = re.match(r"'(\S+)'", block).group(1)
        stack, stores, loads = map(int, re.search(
            r'(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads', block).groups())
        local = re.search(r'(\d+) bytes smem', block)
        kernels[name] = dict(registers=int(re.search(r'Used (\d+) registers', block).group(1)), spill=stores + loads,
                             private=stack, local=int(local.group(1)) if local else 0, loop=[0, 0, 0])
    if target == 'sm_60':
        return kernels  # nvdisasm no longer reads it
    for section in run([tools['nvdisasm'], '-c', str(cubin)]).split('.section\t.text.')[1:]:
        instructions, labels = [], {}
        for line in section.splitlines():
            label = re.match(r'(\.L_\w+):', line)
            if label:
                labels[label.group(1)] = len(instructions)
            code = re.match(r'\s*/\*[0-9a-f]{4,}\*/\s+(.*?);', line)
            if code:
                instructions.append(code.group(1))
        units = any('HMMA' in text for text in instructions)
        kernels[re.match(r'[\w$]+', section).group()]['loop'] = innermost(
            instructions, labels, nvidia_branch,
            lambda text, name='HMMA' if units else 'FFMA': len(re.findall(rf'\b{name}\b', text)), nvidia_local, units)
    return kernels


def waves_nvidia(target, info, group):
    """Warps that a multiprocessor holds, for want of registers, local memory or places."""
    facts = TARGETS[target]
    warps = -(-group // 32)
    per_warp = -(-info['registers'] * 32 // 256) * 256
    groups = min(facts['waves'] // warps, 65536 // per_warp // warps, 32 if facts['waves'] == 64 else 16)
    if info['local']:
        groups = min(groups, facts['unit_local'] // info['local'])
    return groups * warps


# -- Intel


def intel_branch(text):
    jump = re.match(r'(?:\([^)]*\)\s*)?(?:jmpi|while|goto|brc|brd)\b.*?\b(L\d+)\s', text + ' ')
    return jump.group(1) if jump else None


def intel_fma(text):
    return 1 if re.search(r'\bmad \((?:8|16|32)\|.*:f\s', text) else 0


def intel_unit(text):
    return 1 if re.search(r'\bdpas', text) else 0


def compile_intel(target, path, options, tools, folder):
    if 'INTEL_DPAS' in options:  # this compiler has the extension, but without a device does not say so
        options += ' -Dcl_intel_subgroup_matrix_multiply_accumulate'
    run([tools['ocloc'], 'compile', '-q', '-file', str(path), '-device', target, '-options',
         f'-cl-std=CL1.2 -w {options}', '-output', 'out', '-out_dir', str(folder), '--format', 'zebin'])
    binary = next(folder.glob('out_*.bin'))
    run([tools['ocloc'], 'disasm', '-q', '-file', str(binary), '-dump', str(folder), '-device', target])
    kernels = {}
    for block in re.split(r'^  - name:\s+', (folder / '.ze_info').read_text(errors='replace'), flags=re.M)[1:]:
        name = block.split()[0]
        memory = dict(re.findall(r'usage:\s+(\w+)\s+size:\s+(\d+)', block))
        local = re.search(r'slm_size:\s+(\d+)', block)
        registers = re.search(r'grf_count:\s+(\d+)', block)
        if not registers:
            continue  # a row of kernels_misc_info
        instructions, labels = [], {}
        for line in (folder / f'.text.{name}.asm').read_text(errors='replace').splitlines():
            label = re.match(r'(L\d+):', line)
            if label:
                labels[label.group(1)] = len(instructions)
            elif line.strip() and not line.startswith('//'):
                instructions.append(line.strip())
        units = any(map(intel_unit, instructions))
        loop = innermost(instructions, labels, intel_branch, intel_unit if units else intel_fma, lambda text: 0, units)
        # what it reads from local memory stands in the descriptors of messages, which are not decoded
        kernels[name] = dict(registers=int(registers.group(1)),
                             waves=TARGETS[target]['waves'] * 128 // int(registers.group(1)),
                             spill=int(memory.get('spill_fill_space', 0)), private=int(memory.get('private_space', 0)),
                             local=int(local.group(1)) if local else 0, loop=[*loop[:2], None])
    return kernels


def run(command, folder=None):
    env = dict(os.environ)
    if command[0].endswith('ocloc'):
        env['LD_LIBRARY_PATH'] = str(pathlib.Path(command[0]).parent.parent / 'lib/x86_64-linux-gnu')
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=folder)
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if 'rror' in line] or [done.stderr]
        raise RuntimeError(lines[0].strip())
    return done.stdout + done.stderr


# -- the whole


def build(task):
    """The kernels of one program for one target, from the cache or compiled."""
    target, program, options, source, tools, cache = task
    kind = TARGETS[target]['kind']
    key = hashlib.sha256('\n'.join([RECIPE, tools['versions'], target, options, source]).encode()).hexdigest()
    kept = cache / f'{key}.json'
    if kept.exists():
        return json.loads(kept.read_text())
    compiler = {'amd': compile_amd, 'nvidia': compile_nvidia}.get(kind, compile_intel)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / f'{program}.cl'
        path.write_text(source)
        try:
            result = compiler(target, path, options, tools, folder)
        except RuntimeError as error:
            return {'error': str(error)}
    kept.with_suffix(f'.{os.getpid()}').write_text(json.dumps(result))
    kept.with_suffix(f'.{os.getpid()}').rename(kept)
    return result


def complaints(target, info, group, before):
    """What is wrong with a kernel, and whether the last table says so already."""
    facts, out = TARGETS[target], []
    for what, text in (('spill', 'spilled registers'), ('private', 'private memory')):
        known = re.search(rf'{what} (\d+)', before)
        if info[what]:
            out.append((f'{info[what]} bytes of {text}', known is not None and int(known.group(1)) >= info[what]))
    if info['local'] > facts['local']:
        out.append((f'{info["local"]} bytes of local memory, of {facts["local"]}', False))
    if group > facts['group']:
        out.append((f'groups of {group}, at most {facts["group"]}', False))
    if facts['kind'] == 'nvidia' and not info['waves']:
        out.append((f'{info["registers"]} registers in groups of {group}', False))
    return out


def cell(info):
    """registers waves local[ share of multiply-adds, percent[ bytes from local memory for each]]"""
    text = f'{info["registers"]} {info["waves"]} {info["local"]}'
    fma, count, local = info['loop']
    if fma:
        text += f' {100 * fma / count:.0f}' + ('' if local is None else f' {local / fma:.2g}')
    return text + ''.join(f', {what} {info[what]}' for what in ('spill', 'private') if info[what])


def versions(tools):
    with tempfile.TemporaryDirectory() as folder:
        run([str(pathlib.Path(tools['ocloc']).resolve()), 'query', 'OCL_DRIVER_VERSION'], folder)
        intel = (pathlib.Path(folder) / 'OCL_DRIVER_VERSION').read_text().strip('\0\n ')  # it answers with a file
    return ' '.join([run([tools['clang'], '--version']).splitlines()[0], tools['ptxas'], tools['nvdisasm'], intel])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('launches')
    for tool in ('cache', 'ptxas', 'nvdisasm', 'ocloc'):
        parser.add_argument(f'--{tool}', required=True)
    parser.add_argument('--clang', default='clang-19')
    parser.add_argument('--target', action='append', choices=TARGETS)
    parser.add_argument('--program', action='append', help='only these kernel files')
    parser.add_argument('--float32', action='store_true', help='without activations of 16 bits')
    parser.add_argument('--update', action='store_true', help='write docs/gpu.csv and the tables of docs/gpu.md')
    args = parser.parse_args()
    cache = pathlib.Path(args.cache)
    cache.mkdir(parents=True, exist_ok=True)
    tools = dict(clang=args.clang, ptxas=args.ptxas, nvdisasm=args.nvdisasm, ocloc=args.ocloc)
    tools['versions'] = versions(tools)
    launches = Launches(args.launches)
    targets = args.target or list(TARGETS)
    kinds = sorted({name for t in targets for name in classes_of(t)})
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        sets = dict(zip(kinds, pool.map(launches.sets, kinds)))
        sets = {t: merged(sets[name] for name in classes_of(t)) for t in targets}
        tasks = [(t, program, options, launches.source(program), tools, cache)
                 for t in targets for program, options in sorted(sets[t])
                 if (not args.program or program in args.program)
                 and not (args.float32 and 'STORAGE' in options)]
        rows, last, bad, known = {}, read(), [], []
        for task, result in zip(tasks, pool.map(build, tasks)):
            target, program, options = task[:3]
            where = f'{program}.cl [{options}] {target}'
            if 'error' in result:
                bad.append(f'{where}: {result["error"]}')
                continue
            for kernel, group in sorted(sets[target][program, options].items()):
                info = result[kernel]
                if TARGETS[target]['kind'] == 'nvidia':
                    info['waves'] = waves_nvidia(target, info, group)
                before = last.get((program, kernel, options), {}).get(target, '')
                for text, is_known in complaints(target, info, group, before):
                    (known if is_known else bad).append(f'{where}: {kernel} has {text}')
                row = rows.setdefault((program, kernel, options), {})
                row['group'] = max(group, row.get('group', 0))
                row[target] = cell(info)
    print(f'{len(tasks)} programs, {len(rows)} kernels with their options, {len(targets)} targets')
    compare(last, rows, targets)
    if args.update:
        for key, row in rows.items():  # what was not compiled now stays as it was
            last[key] = {**last.get(key, {}), **row}
        if not (args.target or args.program or args.float32):
            last = rows
        write(last)
    print(f'{len(known)} faults stand in the last table already, {len(bad)} do not')
    for text in bad:
        print(text)
    return 1 if bad else 0


# -- the table


def read():
    if not TABLE.exists():
        return {}
    with TABLE.open(newline='') as file:
        return {(row.pop('program'), row.pop('kernel'), row.pop('options')): row for row in csv.DictReader(file)}


def write(rows):
    with TABLE.open('w', newline='') as file:
        out = csv.writer(file, lineterminator='\n')
        out.writerow(['program', 'kernel', 'options', 'group', *TARGETS])
        for key, row in sorted(rows.items()):
            out.writerow([*key, row['group'], *(row.get(t, '') for t in TARGETS)])
    begin, end = '<!-- ci/offline.sh writes from here -->\n', '<!-- to here -->\n'
    page = PAGE.read_text()
    head, rest = page.split(begin)
    PAGE.write_text(head + begin + '\n' + busiest(rows) + '\n' + end + rest.split(end)[1])


def busiest(rows):
    """The float32 kernels whose innermost loop multiplies at least eight times, as a table."""
    shown = [t for t in TARGETS if any(row.get(t) for row in rows.values())]
    lines = ['| kernel, options | ' + ' | '.join(shown) + ' |', '|---' * (len(shown) + 1) + '|']
    for (_, kernel, options), row in sorted(rows.items()):
        cells = [row.get(t, '').split(',')[0].split() for t in shown]
        if 'STORAGE' in options or not any(len(c) > 3 and int(c[3]) >= 40 for c in cells):
            continue
        lines.append(f'| `{kernel}` {options.replace("-D", "")} | ' + ' | '.join(
            f'{c[0]} / {c[1]}' + (f' / {c[3]} %' if len(c) > 3 else '') if c else '' for c in cells) + ' |')
    return '\n'.join(lines) + '\n'


def compare(last, rows, targets):
    """Prints what differs from the last table."""
    for key, row in sorted(rows.items()):
        for target in targets:
            before, now = last.get(key, {}).get(target, ''), row.get(target, '')
            if before != now and last:
                print(f'{" ".join(key)} {target}: {now or "gone"}, before: {before or "not there"}')


if __name__ == '__main__':
    sys.exit(main())
