"""Integer ONNX graphs from `Conv`s: weights small, scales powers of two, every value an integer (codec/SPEC.md)."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class GraphBuilder:
    """Collects nodes of one graph. Values are named by strings; `ranges` remembers what the certificate needs."""

    def __init__(self, name):
        self.name, self.nodes, self.initializers, self.inputs, self.outputs = name, [], [], [], []
        self.counter, self.constants, self.certificate = 0, {}, []

    def fresh(self, hint):
        self.counter += 1
        return f"{hint}_{self.counter}"

    def input(self, name, channels, grid, low, high):
        """A graph input [1, channels, h<grid>, w<grid>] of integers in low..high, or real."""
        dims = [1, channels, f"h{grid}", f"w{grid}"]
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        info.doc_string = f"integers {int(low)}..{int(high)}" if low is not None else "real"
        self.inputs.append(info)
        return name

    def output(self, value, name, channels, grid):
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, f"h{grid}", f"w{grid}"]))

    def constant(self, array, hint):
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = self.fresh(hint)
            self.initializers.append(numpy_helper.from_array(array, self.constants[key]))
        return self.constants[key]

    def scalar(self, value):
        return self.constant(np.array(value, np.float32), "c")

    def node(self, op, inputs, hint=None, **attributes):
        out = self.fresh(hint or op.lower())
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def clip_floor(self, x, low, high):
        """Clip before Floor: so the runtime can fuse Conv and Clip."""
        x = self.node("Clip", [x, self.scalar(float(low)), self.scalar(float(high))])
        return self.node("Floor", [x])

    def conv(self, layer, x, addend=None, output=None):
        """A fixed.Conv in integers. `addend` is a value in the output's integers."""
        fixed = output or layer.output
        wi, bi, k = (t.detach().double().numpy() for t in layer.integers())
        largest, shifts = (t.double().numpy() for t in layer.input_fixed())
        c = layer.convolution
        finest = shifts.max()
        # in integers: out * 2^s_out = sum(wi * 2^-k * xi * 2^-s_in) * 2^s_out
        out_scale = 2.0 ** (fixed.bits - k)
        in_scale = 2.0**-shifts if c.groups == 1 else 2.0 ** -shifts[:, None]
        in_scale = in_scale[None, :, None, None] if c.groups == 1 else in_scale[:, :, None, None]
        bias = bi * 2.0 ** (fixed.bits - k - finest) + 0.5
        # certificate, in units of the last place: the finest product 2^-(k + finest), or the rounding half where that is finer
        unit = 2.0 ** np.maximum(k + finest - fixed.bits, 1)
        bound = largest[None, :, None, None] if c.groups == 1 else largest[:, None, None, None]
        total = (np.abs(wi) * bound).sum((1, 2, 3)) * 2.0 ** (fixed.bits - k) * unit + np.abs(bias) * unit
        assert total.max() < 2.0**23, f"{self.name}: certificate fails, {total.max():.0f}"
        assert np.all(bias * unit % 1 == 0)
        self.certificate.append(float(total.max()))
        small = np.int8 if np.abs(wi).max() <= 127 else np.int16
        assert np.array_equal(np.rint(wi), wi) and np.abs(wi).max() <= layer.weight_limit
        w = self.node("Cast", [self.constant(wi.astype(small), "w")], to=TensorProto.FLOAT)
        w = self.node("Mul", [w, self.constant(out_scale[:, None, None, None].astype(np.float32), "k")])
        if c.groups == 1 and len(set(shifts)) > 1:
            w = self.node("Mul", [w, self.constant(in_scale.astype(np.float32), "s")])
        else:
            w = self.node("Mul", [w, self.scalar(2.0 ** -shifts[0])])
        p = c.padding[0]
        y = self.node(
            "Conv",
            [x, w, self.constant(bias.astype(np.float32), "b")],
            kernel_shape=list(c.kernel_size),
            pads=[p, p, p, p],
            strides=list(c.stride),
            dilations=[1, 1],
            group=c.groups,
        )
        if addend is not None:
            y = self.node("Add", [y, addend])
        if layer.leaky:
            y = self.node("LeakyRelu", [y], alpha=0.125)
        return self.clip_floor(y, fixed.low, fixed.high)

    def block(self, block, x):
        a, b, c = block.inner
        x = self.conv(c, self.conv(b, self.conv(a, x)), addend=x)
        a, b = block.outer
        return self.conv(b, self.conv(a, x), addend=x)

    def shuffle(self, x, r=2):
        return self.node("DepthToSpace", [x], blocksize=r, mode="CRD")

    def unshuffle_plane(self, x):
        """One plane [1,1,2h,2w] to [1,4,h,w]: a convolution that picks samples."""
        w = np.zeros((4, 1, 2, 2), np.float32)
        for j in range(2):
            for i in range(2):
                w[2 * j + i, 0, j, i] = 1
        return self.node("Conv", [x, self.constant(w, "pick")], kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])

    def concat(self, *values):
        return self.node("Concat", list(values), axis=1)

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="crescendo")
        m.ir_version = 8
        onnx.checker.check_model(m)
        return m
