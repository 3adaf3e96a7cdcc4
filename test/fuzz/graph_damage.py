# Breaks ONNX models as people, tools and disks do. What it gives is mostly wrong, but not always.
import numpy as np
import onnx
from onnx import TensorProto, helper


def choose(random, values):
    return values[int(random.integers(len(values)))] if len(values) else None


def lose_node(model, random):
    del model.graph.node[int(random.integers(len(model.graph.node)))]


def lose_operand(model, random):
    node = choose(random, [node for node in model.graph.node if node.input])
    del node.input[int(random.integers(len(node.input)))]


def add_operand(model, random):
    node = choose(random, model.graph.node)
    node.input.append(choose(random, [name for other in model.graph.node for name in other.output]))


def misname_operand(model, random):
    node = choose(random, [node for node in model.graph.node if node.input])
    node.input[int(random.integers(len(node.input)))] = "nobody"


def exchange_operands(model, random):
    node = choose(random, model.graph.node)
    operands = [node.input[int(i)] for i in random.permutation(len(node.input))]
    del node.input[:]
    node.input.extend(operands)


def read_another(model, random):
    """Often of another type or shape, or one that comes later."""
    names = [name for node in model.graph.node for name in node.output] + [value.name for value in model.graph.input]
    node = choose(random, [node for node in model.graph.node if node.input])
    node.input[int(random.integers(len(node.input)))] = choose(random, names)


def misname_operator(model, random):
    choose(random, model.graph.node).op_type = "Frobnicate"


def change_operator(model, random):
    node = choose(random, model.graph.node)
    node.op_type = choose(random, [other.op_type for other in model.graph.node])


def change_domain(model, random):
    choose(random, model.graph.node).domain = choose(random, ["com.example", "com.microsoft", "ai.onnx.ml", "winnow"])


def change_attribute(model, random):
    """Values that no operator has, and some that one may have."""
    node = choose(random, [node for node in model.graph.node if node.attribute] or model.graph.node)
    name = choose(random, [a.name for a in node.attribute]) if node.attribute else "axis"
    kept = [a for a in node.attribute if a.name != name]
    value = choose(random, [99, -99, 2 ** 62, -2 ** 63, 0, 1.5, float("nan"), "nonsense", [0], [-1, 2 ** 40], [1] * 9,
                            [0.5], helper.make_tensor("t", TensorProto.FLOAT, [2], [1.0, 2.0])])
    del node.attribute[:]
    node.attribute.extend(kept + [helper.make_attribute(name, value)])


def lose_attribute(model, random):
    node = choose(random, [node for node in model.graph.node if node.attribute] or model.graph.node)
    if node.attribute:
        del node.attribute[int(random.integers(len(node.attribute)))]


def invent_attribute(model, random):
    choose(random, model.graph.node).attribute.append(helper.make_attribute("mood", "good"))


def change_input_type(model, random):
    if value := choose(random, model.graph.input):
        value.type.tensor_type.elem_type = choose(random, [TensorProto.INT64, TensorProto.STRING, TensorProto.COMPLEX64,
                                                           TensorProto.BOOL, TensorProto.FLOAT16, 0, 77])


def change_input_shape(model, random):
    if value := choose(random, model.graph.input):
        shape = value.type.tensor_type.shape
        if shape.dim and random.random() < 0.7:
            shape.dim[int(random.integers(len(shape.dim)))].dim_value = int(random.choice([-1, 0, 3, 2 ** 40]))
        else:
            shape.dim.add().dim_value = 2


def lose_input_type(model, random):
    if value := choose(random, model.graph.input):
        value.ClearField("type")


def change_constant(model, random):
    """Dimensions that contradict the data, a type that does, or less data."""
    tensor = choose(random, model.graph.initializer)
    if tensor is None:
        return lose_node(model, random)
    kind = int(random.integers(4))
    if kind == 0:
        tensor.dims.append(int(random.choice([0, 3, -1, 2 ** 62])))
    elif kind == 1:
        tensor.data_type = int(random.choice([0, 8, 14, 99, 7, 10]))
    elif kind == 2:
        tensor.raw_data = tensor.raw_data[:-1]
    else:
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", choose(random, ["missing.bin", "/etc/passwd", "../x", ""])


def repeat_output(model, random):
    node = choose(random, model.graph.node)
    node.output[0] = choose(random, [name for other in model.graph.node for name in other.output])


def lose_output(model, random):
    del model.graph.output[:]


def reverse_nodes(model, random):
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def change_opset(model, random):
    del model.opset_import[:]
    if random.random() < 0.8:
        model.opset_import.append(helper.make_opsetid("", int(random.choice([0, -1, 1, 5, 6, 9, 18, 27, 99]))))


def cut_file(content, random):
    return content[:int(random.integers(len(content)))]


def flip_bytes(content, random):
    changed = np.frombuffer(content, np.uint8).copy()
    for _ in range(int(random.integers(1, 9))):
        changed[int(random.integers(len(changed)))] = random.integers(256)
    return changed.tobytes()


OF_MODELS = (lose_node, lose_operand, add_operand, misname_operand, exchange_operands, read_another, misname_operator,
             change_operator, change_domain, change_attribute, change_attribute, lose_attribute, invent_attribute,
             change_input_type, change_input_shape, lose_input_type, change_constant, change_constant, repeat_output,
             lose_output, reverse_nodes, change_opset)
OF_FILES = (cut_file, flip_bytes)


def damage(model, seed):
    """The name of what was done to the model, and its file."""
    random = np.random.default_rng([seed, 1])
    chosen = choose(random, OF_MODELS + OF_FILES)
    if chosen in OF_FILES:
        return chosen.__name__, chosen(model.SerializeToString(), random)
    broken = onnx.ModelProto()
    broken.CopyFrom(model)
    chosen(broken, random)
    return chosen.__name__, broken.SerializeToString()
