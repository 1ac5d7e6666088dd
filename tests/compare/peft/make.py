"""Makes adapters of every kind with PEFT, and what PEFT's own merge does to the base.

Run with torch 2.13.0, peft 0.21.2 and safetensors: `python make.py` in this folder.
Writes base.safetensors, a folder per kind and expected.json: by kind and tensor of the
base the norm of the change, its largest entry and the cosine of old and new.
"""

import copy
import json
import shutil
from pathlib import Path

import peft
import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(20, 12)
        self.conv = torch.nn.Conv2d(4, 6, 3)
        self.fc1 = torch.nn.Linear(12, 16)
        self.fc2 = torch.nn.Linear(16, 12)
        self.norm = torch.nn.LayerNorm(12)
        self.head = torch.nn.Linear(12, 20, bias=False)

    def forward(self, ids):
        x = self.fc2(self.fc1(self.embed(ids)).relu())
        return self.head(self.norm(x)), self.conv(torch.zeros(1, 4, 5, 5))


LORA = {"r": 4, "lora_alpha": 6, "target_modules": ["fc1", "fc2"]}
KINDS = {
    "lora_rs": peft.LoraConfig(**LORA, use_rslora=True),
    "lora_patterns": peft.LoraConfig(
        **LORA, rank_pattern={"fc2": 2}, alpha_pattern={"fc1": 9}
    ),
    "lora_conv_embedding": peft.LoraConfig(
        r=4, lora_alpha=6, target_modules=["conv", "embed"]
    ),
    "lora_bias": peft.LoraConfig(**LORA, lora_bias=True),
    "lora_bias_all": peft.LoraConfig(**LORA, bias="all", modules_to_save=["norm"]),
    "dora": peft.LoraConfig(
        r=4, lora_alpha=6, target_modules=["fc1", "conv", "embed"], use_dora=True
    ),
    "pissa": peft.LoraConfig(**LORA, init_lora_weights="pissa"),
    "olora": peft.LoraConfig(**LORA, init_lora_weights="olora"),
    "tokens": peft.LoraConfig(**LORA, trainable_token_indices={"embed": [1, 5]}),
    "adalora": peft.AdaLoraConfig(
        init_r=4, target_r=2, lora_alpha=6, target_modules=["fc1"], total_step=10
    ),
    "loha": peft.LoHaConfig(r=4, alpha=6, target_modules=["fc1", "conv"]),
    "loha_kernel": peft.LoHaConfig(
        r=4, alpha=6, target_modules=["conv"], use_effective_conv2d=True
    ),
    "lokr": peft.LoKrConfig(r=2, alpha=6, target_modules=["fc1", "conv"]),
    "lokr_kernel": peft.LoKrConfig(
        r=1, alpha=6, target_modules=["conv"], use_effective_conv2d=True
    ),
    "ia3": peft.IA3Config(
        target_modules=["fc1", "fc2", "conv"], feedforward_modules=["fc2"]
    ),
    "vera": peft.VeraConfig(r=4, target_modules=["fc1", "fc2"]),
    "oft": peft.OFTConfig(
        oft_block_size=4, r=0, target_modules=["fc1"], use_cayley_neumann=False
    ),
    "oft_neumann": peft.OFTConfig(
        oft_block_size=4, r=0, target_modules=["fc1"], use_cayley_neumann=True
    ),
    "oft_shared": peft.OFTConfig(
        oft_block_size=4, r=0, target_modules=["fc1", "fc2"], block_share=True
    ),
    "boft": peft.BOFTConfig(boft_block_size=4, target_modules=["fc1"]),
    "hra": peft.HRAConfig(r=4, target_modules=["fc1"]),
    "norms": peft.LNTuningConfig(target_modules=["norm"]),
}


def disturb(model):
    for name, value in model.named_parameters():
        if value.requires_grad:
            with torch.no_grad():
                value.add_(torch.randn(value.shape) * 0.1)
        del name


def measure(old, new):
    old, new = old.double(), new.double()
    cosine = (old * new).sum() / (old.norm() * new.norm())
    change = new - old
    return [change.norm().item(), change.abs().max().item(), cosine.item()]


def main():
    torch.manual_seed(0)
    base = Net()
    with torch.no_grad():
        base.norm.bias.add_(0.3)
    start = {name: value.clone() for name, value in base.state_dict().items()}
    (HERE / "base").mkdir(exist_ok=True)
    save_file(start, HERE / "base/model.safetensors")
    expected = {}
    for kind, config in KINDS.items():
        for state in ("fresh", "trained"):
            torch.manual_seed(1)
            model = peft.get_peft_model(copy.deepcopy(base), copy.deepcopy(config))
            if state == "trained":
                disturb(model)
            name = f"{kind}_{state}" if state == "fresh" else kind
            model.eval()
            folder = HERE / name
            shutil.rmtree(folder, ignore_errors=True)
            model.save_pretrained(folder)
            (folder / "README.md").unlink(missing_ok=True)
            path = folder / "adapter_config.json"
            stated = {k: v for k, v in json.loads(path.read_text()).items() if v}
            path.write_text(json.dumps(stated | {"base_model_name_or_path": "base"}))
            merged = model.double().merge_and_unload().state_dict()
            expected[name] = {
                one: measure(start[one], merged[one])
                for one in start
                if one in merged and not torch.equal(start[one], merged[one].float())
            }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main()
