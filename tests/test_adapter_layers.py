"""The layers of the large models under the names that people's LoRAs have for them."""

from __future__ import annotations

from types import SimpleNamespace

from gemini_diffusion.engines.local.adapters.layers import layers_of
from gemini_diffusion.engines.torch_imports import TorchImports

SDXL = {
    "input_blocks_0_0": "conv_in",
    "input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
    "input_blocks_3_0_op": "down_blocks.0.downsamplers.0.conv",
    "input_blocks_4_0_skip_connection": "down_blocks.1.resnets.0.conv_shortcut",
    "input_blocks_4_1_proj_in": "down_blocks.1.attentions.0.proj_in",
    "input_blocks_8_1_transformer_blocks_9_ff_net_0_proj": "down_blocks.2.attentions.1.transformer_blocks.9.ff.net.0.proj",
    "middle_block_1_transformer_blocks_0_attn1_to_q": "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
    "middle_block_2_out_layers_3": "mid_block.resnets.1.conv2",
    "output_blocks_2_1_transformer_blocks_9_attn2_to_v": "up_blocks.0.attentions.2.transformer_blocks.9.attn2.to_v",
    "output_blocks_2_2_conv": "up_blocks.0.upsamplers.0.conv",
    "output_blocks_5_2_conv": "up_blocks.1.upsamplers.0.conv",
    "output_blocks_8_0_emb_layers_1": "up_blocks.2.resnets.2.time_emb_proj",
    "time_embed_2": "time_embedding.linear_2",
    "label_emb_0_0": "add_embedding.linear_1",
    "out_2": "conv_out",
}
"""Layers of the large model as kohya's trainer calls them, and as diffusers does."""


def test_the_layers_of_sdxl_are_found_by_the_names_of_its_first_code(packages: TorchImports) -> None:
    with packages.torch.device("meta"):
        unet = packages.diffusers.UNet2DConditionModel(
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=(320, 640, 1280),
            transformer_layers_per_block=(1, 2, 10), attention_head_dim=(5, 10, 20), cross_attention_dim=2048,
            use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )  # fmt: skip
    layers = layers_of(SimpleNamespace(unet=unet), packages.torch)
    for first, path in SDXL.items():
        assert layers["unet", first] is unet.get_submodule(path)
