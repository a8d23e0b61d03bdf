"""Other engines that run a model of PyTorch, for the captions of W6.

ENGINES: name -> function (module, its input, threads) -> function that computes the output, version of the
engine.  All compute in float32 on so many threads.
"""
import os
import tempfile
import warnings

import torch

warnings.simplefilter("ignore")  # of exporters that are to be replaced


def compiled(module, x, threads):
    module.compile()
    return lambda: module(x), torch.__version__


def openvino(module, x, threads):
    import openvino
    with torch.no_grad():
        model = openvino.convert_model(module, example_input=x, input=[list(x.shape)])
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request, given = openvino.Core().compile_model(model, "CPU", options).create_infer_request(), x.numpy()

    def run():
        request.infer([given], share_inputs=True, share_outputs=True)
        return request.get_output_tensor(0).data
    return run, openvino.__version__.split("-")[0]


def onnxruntime(module, x, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        with torch.no_grad():
            torch.onnx.export(module, (x,), path, dynamo=False, verbose=False)  # keeps an LSTM one node
        session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, given)[0], onnxruntime.__version__


ENGINES = {"torch.compile": compiled, "OpenVINO": openvino, "ONNX Runtime": onnxruntime}
