# Published architectures with random weights, from torchvision, transformers and by hand, for export_published.py.
import torch
import torchvision
import transformers
from torch import nn
from torch.nn import functional
from transformers.integrations.executorch import sdpa_mask_without_vmap
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

from published_inputs import GPT2_LAYERS

vision = torchvision.models
ALL_MASK_ATTENTION_FUNCTIONS.register("sdpa", sdpa_mask_without_vmap)  # the masks of "sdpa" that can be exported


class UNet(nn.Module):
    """Ronneberger et al., 2015, padded and a quarter as wide: four halvings, with what each level had before it."""

    def __init__(self, width=16, levels=4):
        super().__init__()
        widths = [width << level for level in range(levels + 1)]
        self.down = nn.ModuleList(self.block(before, after) for before, after in zip([3] + widths, widths))
        self.expand = nn.ModuleList(nn.ConvTranspose2d(2 * after, after, 2, stride=2) for after in widths[:-1])
        self.up = nn.ModuleList(self.block(2 * after, after) for after in widths[:-1])
        self.last = nn.Conv2d(width, 2, 1)

    @staticmethod
    def block(before, after):
        layers = []
        for width in (before, after):
            layers += [nn.Conv2d(width, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        return nn.Sequential(*layers)

    def forward(self, x):
        skipped = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            skipped.append(x)
        skipped.pop()
        for expand, block in reversed(list(zip(self.expand, self.up))):
            x = block(torch.cat([skipped.pop(), expand(x)], 1))
        return self.last(x)


class Tagger(nn.Module):
    """Two bidirectional LSTM layers over words, and a class for each."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(500, 64)
        self.recurrent = nn.LSTM(64, 96, num_layers=2, bidirectional=True, batch_first=True)
        self.classes = nn.Linear(192, 17)

    def forward(self, input_ids):
        return self.classes(self.recurrent(self.words(input_ids))[0])


class Experts(nn.Module):
    """Mixtral's block, written densely: gated experts, of which each token uses the best two of eight."""

    def __init__(self, width=64, hidden=96, experts=8):
        super().__init__()
        self.router = nn.Linear(width, experts, bias=False)
        self.gate, self.up = (nn.Parameter(torch.randn(experts, width, hidden) / width ** 0.5) for _ in range(2))
        self.down = nn.Parameter(torch.randn(experts, hidden, width) / hidden ** 0.5)

    def forward(self, x):
        tokens = x.reshape(-1, x.shape[-1])
        probabilities = torch.softmax(self.router(tokens), -1)
        best, chosen = torch.topk(probabilities, 2)
        weights = torch.zeros_like(probabilities).scatter(1, chosen, best / best.sum(-1, keepdim=True))
        hidden = functional.silu(torch.matmul(tokens, self.gate)) * torch.matmul(tokens, self.up)
        outputs = torch.matmul(hidden, self.down)
        return (weights.transpose(0, 1)[:, :, None] * outputs).sum(0).reshape(x.shape)


class Wrapped(nn.Module):
    """A model of transformers, as a function of tensors."""

    def __init__(self, model):
        super().__init__()
        self.model = model


class Bert(Wrapped):
    def forward(self, input_ids, attention_mask, token_type_ids):
        return tuple(self.model(input_ids, attention_mask, token_type_ids, return_dict=False))


class Masked(Wrapped):
    """The last states of tokens."""

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[0]


class Uncached(Wrapped):
    """The logits of tokens, without keys and values for later."""

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False, return_dict=False)[0]


class T5Decoder(Wrapped):
    def forward(self, input_ids, states, attention_mask):
        return self.model(input_ids=input_ids, encoder_hidden_states=states, encoder_attention_mask=attention_mask,
                          use_cache=False, return_dict=False)[0]


class Cached(Wrapped):
    """Logits, and all keys and values of each layer."""

    def forward(self, input_ids, attention_mask, cache):
        past = transformers.DynamicCache.from_legacy_cache(tuple(zip(cache[::2], cache[1::2])))
        logits, present = self.model(input_ids=input_ids, attention_mask=attention_mask, past_key_values=past,
                                     use_cache=True, return_dict=False)[:2]
        return logits, *(tensor for pair in present.to_legacy_cache() for tensor in pair)


class Audio(Wrapped):
    def forward(self, x):
        return self.model(x, return_dict=False)[0]


class Clip(Wrapped):
    def forward(self, input_ids, attention_mask, x):
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, pixel_values=x)
        return found.logits_per_text, found.text_embeds, found.image_embeds


def t5(decoder):
    config = transformers.T5Config(vocab_size=32128, d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8)
    model = transformers.T5Model(config)
    return T5Decoder(model.decoder) if decoder else Masked(model.encoder)


def llama():
    """Llama's layers, of TinyLlama's proportions and a quarter of its width, six of them."""
    return Uncached(transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=2000, hidden_size=512, intermediate_size=1408, num_hidden_layers=6, num_attention_heads=8,
        num_key_value_heads=2)))


def whisper():
    """The encoder of Whisper's tiny model."""
    config = transformers.WhisperConfig(d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536,
                                        decoder_layers=1)
    return Audio(transformers.WhisperModel(config).encoder)


MAKERS = {
    "resnet50": vision.resnet50,
    "mobilenet_v3": vision.mobilenet_v3_large,
    "efficientnet_b0": vision.efficientnet_b0,
    "convnext_tiny": vision.convnext_tiny,
    "vit_b_16": vision.vit_b_16,
    "swin_t": vision.swin_t,
    "unet": UNet,
    "bert": lambda: Bert(transformers.BertModel(transformers.BertConfig())),
    "distilbert": lambda: Masked(transformers.DistilBertModel(transformers.DistilBertConfig())),
    "t5_encoder": lambda: t5(decoder=False),
    "t5_decoder": lambda: t5(decoder=True),
    "gpt2": lambda: Cached(transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=GPT2_LAYERS))),
    "llama": llama,
    "whisper_encoder": whisper,
    "clip": lambda: Clip(transformers.CLIPModel(transformers.CLIPConfig())),
    "lstm_tagger": Tagger,
    "experts": Experts,
}


def make(model, seed):
    """A model with random weights, biases and statistics of its own seed, ready to be exported."""
    torch.manual_seed(seed)
    torch.backends.mha.set_fastpath_enabled(False)  # one operator of PyTorch's own for a whole layer
    module = MAKERS[model.name]()
    for parameter in module.parameters():
        # Biases, norms and what else starts as one number: nothing would depend on the layers before a head of zeros.
        if parameter.dim() <= 1 or parameter.min() == parameter.max():
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.1)
    settle_statistics(model, module, seed)
    return module.train(False)


def settle_statistics(model, module, seed):
    """Lets batch normalizations see batches, so that activations keep their magnitude from layer to layer."""
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the mean of all batches
        norm.train()
    if norms:
        images = torch.randn(2, 3, 96, 96)
        with torch.no_grad():
            for _ in range(2):
                module(images)
