# A memory of two tiers, written with parameters, states and ordinary operations: the instant tier holds the most
# recent tokens, the working tier older ones. A token that leaves the working tier is the least useful one: not
# anchored if any such is there, then with the least attention, then the oldest.
HEADS, WIDTH = 2, 3
TOKENS = f"tensor<?x{HEADS}x{WIDTH}xf32>"
# What is kept of each token; dimension 0 is the place in the tier.
FIELDS = {"position": ("tensor<?xi64>", "i64", "-1"), "mass": ("tensor<?xf32>", "f32", "0.0"),
          "anchored": ("tensor<?xi1>", "i1", "false"), "keys": (TOKENS, "f32", "0.0"), "values": (TOKENS, "f32", "0.0")}
TIERS = {"working": "%w", "instant": "%i"}
IDENTITY = {1: "affine_map<(a) -> (a)>", 3: "affine_map<(a, b, c) -> (a, b, c)>"}


def element_of(kind):
    """f32 for tensor<?x2xf32> and for tensor<f32>."""
    return kind.rstrip(">").split("<")[-1].split("x")[-1]


def generic(result, kind, shape, body, inputs="", maps=(), iterators=None, init="%empty_{}"):
    """A linalg.generic into a new tensor; `body` ends with the value %y. `shape` is the text of its dynamic sizes."""
    rank = kind.count("x")
    element = element_of(kind)
    name = result.lstrip("%")
    out = maps[-1] if maps else IDENTITY[rank]
    iterators = ["parallel"] * rank if iterators is None else iterators
    start = f"  %empty_{name} = tensor.empty({shape}) : {kind}\n"
    if init == "zero":
        zero = "0.0" if element.startswith("f") else "0"
        start += (f"  %zero_{name} = arith.constant {zero} : {element}\n  %start_{name} = linalg.fill "
                  f"ins(%zero_{name} : {element}) outs(%empty_{name} : {kind}) -> {kind}\n")
        init = f"%start_{name}"
    else:
        init = init.format(name)
    values, types, arguments = [], [], []
    for value, type_, argument in inputs or []:
        values.append(value)
        types.append(type_)
        arguments.append(f"%{argument}: {element_of(type_)}")
    ins = f"ins({', '.join(values)} : {', '.join(types)}) " if values else ""
    listed = ", ".join([*maps[:-1], out])
    return (start + f"  {result} = linalg.generic {{indexing_maps = [{listed}], "
            f"iterator_types = [{', '.join(chr(34) + each + chr(34) for each in iterators)}]}} {ins}"
            f"outs({init} : {kind}) {{\n  ^bb0({', '.join([*arguments, f'%o: {element}'])}):\n{body}"
            f"    linalg.yield %y : {element}\n  }} -> {kind}\n")


def choose(place, field, rest, new):
    """%y is the element at %place of the working tier, the instant tier and the new tokens, one after another."""
    type_, element, _ = FIELDS[field]
    return f"""    %isWorking = arith.cmpi slt, {place}, %w : index
    %y = scf.if %isWorking -> {element} {{
      %e = tensor.extract %working_{field}[{place}{rest}] : {type_}
      scf.yield %e : {element}
    }} else {{
      %isInstant = arith.cmpi slt, {place}, %c : index
      %f = scf.if %isInstant -> {element} {{
        %k = arith.subi {place}, %w : index
        %e = tensor.extract %instant_{field}[%k{rest}] : {type_}
        scf.yield %e : {element}
      }} else {{
        %k = arith.subi {place}, %c : index
{new}        scf.yield %e : {element}
      }}
      scf.yield %f : {element}
    }}
"""


def declarations():
    text = "winnow.parameter @memory.instant = 4 : i64\nwinnow.parameter @memory.working = 6 : i64\n"
    text += "winnow.state @seen : tensor<i64> = 0 : i64\n"
    for tier in TIERS:
        for field, (type_, element, initial) in FIELDS.items():
            typed = initial if element == "i1" else f"{initial} : {element}"
            text += f"winnow.state @{tier}.{field} : {type_} sizes [@memory.{tier}] = {typed}\n"
    return text


def reads(fields):
    text = """  %c0 = arith.constant 0 : index
  %w = winnow.parameter.get @memory.working : index
  %i = winnow.parameter.get @memory.instant : index
  %c = arith.addi %w, %i : index
"""
    for tier in TIERS:
        for field in fields:
            text += f"  %{tier}_{field} = winnow.state.read @{tier}.{field} : {FIELDS[field][0]}\n"
    return text


BY_A, BY_B = "affine_map<(a, b) -> (a)>", "affine_map<(a, b) -> (b)>"
INDEX = "    %p = linalg.index 0 : index\n"


def candidates():
    """What is kept of all tokens, old and new, in the order of their age."""
    new = {"position": """        %k64 = arith.index_cast %k : index to i64
        %s = tensor.extract %seen[] : tensor<i64>
        %e = arith.addi %s, %k64 : i64
""", "mass": "        %e = arith.constant 0.0 : f32\n",
           "anchored": "        %e = tensor.extract %anchors[%k] : tensor<?xi1>\n"}
    return "".join(generic(f"%{field}", FIELDS[field][0], "%all", INDEX + choose("%p", field, "", text))
                   for field, text in new.items())


def decide():
    """Which tokens each tier keeps."""
    live = "    %none = arith.constant 0 : i64\n    %isLive = arith.cmpi sge, %pos, %none : i64\n"
    text = generic("%newer", "tensor<?xi64>", "%all", live + """    %p = linalg.index 0 : index
    %q = linalg.index 1 : index
    %isAfter = arith.cmpi sgt, %q, %p : index
    %counts = arith.andi %isLive, %isAfter : i1
    %one = arith.extui %counts : i1 to i64
    %y = arith.addi %o, %one : i64
""", [("%position", "tensor<?xi64>", "pos")], [BY_B, BY_A], ["parallel", "reduction"], "zero")
    text += generic("%keepInstant", "tensor<?xi1>", "%all", live + INDEX + """    %isRecent = arith.cmpi sge, %p, %w : index
    %n64 = arith.index_cast %i : index to i64
    %fits = arith.cmpi slt, %later, %n64 : i64
    %both = arith.andi %isRecent, %fits : i1
    %y = arith.andi %both, %isLive : i1
""", [("%position", "tensor<?xi64>", "pos"), ("%newer", "tensor<?xi64>", "later")], [IDENTITY[1]] * 3)
    text += generic("%pool", "tensor<?xi1>", "%all", live + """    %true = arith.constant true
    %isOld = arith.xori %stays, %true : i1
    %y = arith.andi %isOld, %isLive : i1
""", [("%position", "tensor<?xi64>", "pos"), ("%keepInstant", "tensor<?xi1>", "stays")], [IDENTITY[1]] * 3)
    text += generic("%size", "tensor<i64>", "", """    %one = arith.extui %in : i1 to i64
    %y = arith.addi %o, %one : i64
""", [("%pool", "tensor<?xi1>", "in")], ["affine_map<(a) -> (a)>", "affine_map<(a) -> ()>"], ["reduction"], "zero")
    text += generic("%lesser", "tensor<?xi64>", "%all", """    %p = linalg.index 0 : index
    %q = linalg.index 1 : index
    %true = arith.constant true
    %isFree = arith.xori %otherAnchor, %true : i1
    %isOlder = arith.cmpi slt, %q, %p : index
    %hasLess = arith.cmpf olt, %otherMass, %m : f32
    %hasSame = arith.cmpf oeq, %otherMass, %m : f32
    %first = arith.andi %isFree, %anchor : i1
    %differ = arith.xori %otherAnchor, %anchor : i1
    %same = arith.xori %differ, %true : i1
    %tie = arith.andi %hasSame, %isOlder : i1
    %byMass = arith.ori %hasLess, %tie : i1
    %second = arith.andi %same, %byMass : i1
    %isLess = arith.ori %first, %second : i1
    %counts = arith.andi %isLess, %in : i1
    %one = arith.extui %counts : i1 to i64
    %y = arith.addi %o, %one : i64
""", [("%pool", "tensor<?xi1>", "in"), ("%anchored", "tensor<?xi1>", "otherAnchor"),
      ("%mass", "tensor<?xf32>", "otherMass"), ("%anchored", "tensor<?xi1>", "anchor"),
      ("%mass", "tensor<?xf32>", "m")], [BY_B, BY_B, BY_B, BY_A, BY_A, BY_A], ["parallel", "reduction"], "zero")
    return text + generic("%keepWorking", "tensor<?xi1>", "%all", """    %total = tensor.extract %size[] : tensor<i64>
    %w64 = arith.index_cast %w : index to i64
    %excess = arith.subi %total, %w64 : i64
    %isUseful = arith.cmpi sge, %less, %excess : i64
    %y = arith.andi %in, %isUseful : i1
""", [("%pool", "tensor<?xi1>", "in"), ("%lesser", "tensor<?xi64>", "less")], [IDENTITY[1]] * 3)


def write(tier, extent):
    """The tier's places take the tokens that it keeps, in the order of their age."""
    keep = f"%keep{tier.capitalize()}"
    selection = "!winnow.selection<1x?, ?>"
    text = f"""  %row_{tier} = tensor.expand_shape {keep} [[0, 1]] output_shape [1, %all] : tensor<?xi1> into tensor<1x?xi1>
  %chosen_{tier} = winnow.selection.from_mask %row_{tier} : tensor<1x?xi1> -> {selection}
  %indices_{tier} = winnow.selection.indices %chosen_{tier} : {selection} -> tensor<1x?xi32>
  %counts_{tier} = winnow.selection.counts %chosen_{tier} : {selection} -> tensor<1xi32>
"""
    for field, (type_, element, initial) in FIELDS.items():
        rank = 3 if type_ == TOKENS else 1
        rest = ", %h, %d" if rank == 3 else ""
        more = "    %h = linalg.index 1 : index\n    %d = linalg.index 2 : index\n" if rank == 3 else ""
        if rank == 3:
            value = choose("%at", field, rest, f"        %e = tensor.extract %new_{field}[%k{rest}] : {type_}\n")
        else:
            value = f"    %y = tensor.extract %{field}[%at] : {type_}\n"
        nothing = "arith.constant false" if element == "i1" else f"arith.constant {initial} : {element}"
        inner = value.replace("%y =", "%z =").replace("\n", "\n  ").rstrip() + "\n"
        text += generic(f"%next_{tier}_{field}", type_, extent, f"""{INDEX}{more}    %count32 = tensor.extract %counts_{tier}[%c0] : tensor<1xi32>
    %count = arith.index_cast %count32 : i32 to index
    %isHeld = arith.cmpi slt, %p, %count : index
    %y = scf.if %isHeld -> {element} {{
      %at32 = tensor.extract %indices_{tier}[%c0, %p] : tensor<1x?xi32>
      %at = arith.index_cast %at32 : i32 to index
  {inner}      scf.yield %z : {element}
    }} else {{
      %z = {nothing}
      scf.yield %z : {element}
    }}
""")
        text += f"  winnow.state.write @{tier}.{field}, %next_{tier}_{field} : {type_}\n"
    return text


def append():
    text = f"func.func @append(%new_keys: {TOKENS}, %new_values: {TOKENS}, %anchors: tensor<?xi1>) -> tensor<i64> {{\n"
    text += reads(FIELDS) + f"""  %seen = winnow.state.read @seen : tensor<i64>
  %n = tensor.dim %new_keys, %c0 : {TOKENS}
  %all = arith.addi %c, %n : index
""" + candidates() + decide()
    text += "".join(write(tier, extent) for tier, extent in TIERS.items())
    text += generic("%after", "tensor<i64>", "", """    %n64 = arith.index_cast %n : index to i64
    %y = arith.addi %s, %n64 : i64
""", [("%seen", "tensor<i64>", "s")], ["affine_map<() -> ()>"] * 2, [])
    return text + "  winnow.state.write @seen, %after : tensor<i64>\n  return %after : tensor<i64>\n}\n"


def attend():
    """Softmax attention over all tokens of both tiers; each token's weights are added to its mass."""
    scores, per = f"tensor<?x{HEADS}x?xf32>", f"tensor<?x{HEADS}xf32>"
    q, k, v, s = ("affine_map<(m, h, c, d) -> (m, h, d)>", "affine_map<(m, h, c, d) -> (c, h, d)>", None,
                  "affine_map<(m, h, c, d) -> (m, h, c)>")
    all3, row, place = ("affine_map<(m, h, c) -> (m, h, c)>", "affine_map<(m, h, c) -> (m, h)>",
                        "affine_map<(m, h, c) -> (c)>")
    nothing = {"i64": "        %e = arith.constant -1 : i64\n", "f32": "        %e = arith.constant 0.0 : f32\n"}
    text = f"func.func @attend(%q: {TOKENS}) -> {TOKENS} {{\n" + reads(["position", "mass", "keys", "values"])
    text += f"  %m = tensor.dim %q, %c0 : {TOKENS}\n"
    text += generic("%position", "tensor<?xi64>", "%c", INDEX + choose("%p", "position", "", nothing["i64"]))
    for field in ("keys", "values"):
        text += generic(f"%{field}", TOKENS, "%c", INDEX + "    %h = linalg.index 1 : index\n    %d = linalg.index 2 "
                        ": index\n" + choose("%p", field, ", %h, %d", nothing["f32"]))
    text += generic("%dots", scores, "%m, %c", """    %ab = arith.mulf %a, %b : f32
    %y = arith.addf %o, %ab : f32
""", [("%q", TOKENS, "a"), ("%keys", TOKENS, "b")], [q, k, s], ["parallel"] * 3 + ["reduction"], "zero")
    text += generic("%exponentials", scores, "%m, %c", f"""    %none = arith.constant 0 : i64
    %isLive = arith.cmpi sge, %pos, %none : i64
    %scale = arith.constant {WIDTH ** -0.5!r} : f32
    %scaled = arith.mulf %a, %scale : f32
    %e = math.exp %scaled : f32
    %zero = arith.constant 0.0 : f32
    %y = arith.select %isLive, %e, %zero : f32
""", [("%dots", scores, "a"), ("%position", "tensor<?xi64>", "pos")], [all3, place, all3])
    text += generic("%sums", per, "%m", "    %y = arith.addf %o, %a : f32\n", [("%exponentials", scores, "a")],
                    [all3, row], ["parallel", "parallel", "reduction"], "zero")
    text += generic("%weights", scores, "%m, %c", """    %zero = arith.constant 0.0 : f32
    %hasAny = arith.cmpf ogt, %t, %zero : f32
    %z = arith.divf %a, %t : f32
    %y = arith.select %hasAny, %z, %zero : f32
""", [("%exponentials", scores, "a"), ("%sums", per, "t")], [all3, row, all3])
    text += generic("%out", TOKENS, "%m", """    %ab = arith.mulf %a, %b : f32
    %y = arith.addf %o, %ab : f32
""", [("%weights", scores, "a"), ("%values", TOKENS, "b")],
                    ["affine_map<(m, h, d, c) -> (m, h, c)>", "affine_map<(m, h, d, c) -> (c, h, d)>",
                     "affine_map<(m, h, d, c) -> (m, h, d)>"], ["parallel"] * 3 + ["reduction"], "zero")
    text += generic("%gained", "tensor<?xf32>", "%c", "    %y = arith.addf %o, %a : f32\n",
                    [("%weights", scores, "a")],
                    ["affine_map<(c, m, h) -> (m, h, c)>", "affine_map<(c, m, h) -> (c)>"],
                    ["parallel", "reduction", "reduction"], "zero")
    for tier, extent in TIERS.items():
        shift = "    %at = arith.addi %p, %w : index\n" if tier == "instant" else "    %at = arith.addi %p, %c0 : index\n"
        text += generic(f"%next_{tier}", "tensor<?xf32>", extent, INDEX + shift + """    %g = tensor.extract %gained[%at] : tensor<?xf32>
    %y = arith.addf %a, %g : f32
""", [(f"%{tier}_mass", "tensor<?xf32>", "a")], [IDENTITY[1]] * 2)
        text += f"  winnow.state.write @{tier}.mass, %next_{tier} : tensor<?xf32>\n"
    return text + f"  return %out : {TOKENS}\n}}\n"


def contents():
    text, names, types = "", [], []
    for tier in TIERS:
        for field, (type_, _, _) in FIELDS.items():
            text += f"  %{tier}_{field} = winnow.state.read @{tier}.{field} : {type_}\n"
            names.append(f"%{tier}_{field}")
            types.append(type_)
    return (f"func.func @contents() -> ({', '.join(types)}) {{\n{text}  return {', '.join(names)} : {', '.join(types)}\n}}\n")


def model():
    return declarations() + append() + attend() + contents()
