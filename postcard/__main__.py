"""The commands of the program, in the order in which a model is made; only wiring: `python -m postcard --help` lists them."""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "postcard"


def main() -> None:
    """Read the command line and do what it says."""
    arguments = _parser().parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    COMMANDS[arguments.command](arguments)


def _parser() -> argparse.ArgumentParser:
    told = "\n".join(f"  {name:15} {work.__doc__}" for name, work in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m postcard",
        description="Draw postcards, and train a small SDXL on them.",
        epilog=f"commands:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", metavar="command", choices=COMMANDS, help="one of those below, in the order of making a model"
    )
    parser.add_argument(
        "--run", type=Path, default=Path("postcard-run"), help="folder of unfinished work (default: %(default)s)"
    )
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder of the finished model (default: the shipped one)")
    parser.add_argument("--minutes", type=float, default=30, help="how long to train (default: %(default)s)")
    parser.add_argument("--shards", type=int, default=24, help="lessons to make, 2,048 in each (default: %(default)s)")
    parser.add_argument("--count", type=int, default=300, help="prompts to evaluate (default: %(default)s)")
    parser.add_argument("--prompt", default="a red cat on the beach at sunset", help="what to draw (default: %(default)s)")
    parser.add_argument("--synonyms", nargs="*", default=["moonlit=night", "sunny=daytime"], help="new=known, one word each")
    parser.add_argument("--negative", default="", help="what to leave out of it")
    parser.add_argument("--seed", type=int, default=0, help="where chance begins (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="two programs of one thread beat one of two")
    parser.add_argument("--device", default="cpu", help="where autoencoder and UNet are trained: cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help="begin from the shipped weights, or go on with the run's")
    parser.add_argument("--decoder-only", action="store_true", help="leave the encoder as it is")
    parser.add_argument("--inversion", action="store_true", help="adapt by a textual inversion instead of a LoRA")
    parser.add_argument("--out", type=Path, default=Path("postcard.png"), help="file to write (default: %(default)s)")
    return parser


def samples(arguments: argparse.Namespace) -> None:
    """Draw a sheet of training pictures with their captions."""
    from postcard.captions import describe
    from postcard.render import render
    from postcard.scene import sample
    from postcard.sheet import sheet

    rng = random.Random(arguments.seed)
    scenes = [sample(rng) for _ in range(32)]
    sheet([render(scene) for scene in scenes], [describe(scene, rng).text for scene in scenes]).save(arguments.out)


def write_words(arguments: argparse.Namespace) -> None:
    """Write the vocabulary beside the model."""
    from postcard.words import vocabulary

    text = json.dumps(vocabulary(), indent=1, ensure_ascii=False)
    (arguments.model / "words.json").write_text(text + "\n", encoding="utf-8")


def train_judge(arguments: argparse.Namespace) -> None:
    """Train the judge and put it beside the model."""
    from postcard.judge import train

    train(arguments.minutes, seed=arguments.seed).save(arguments.model / "judge.safetensors")


def train_language(arguments: argparse.Namespace) -> None:
    """Train tokenizer and text encoders on captions alone."""
    from postcard.language import train

    train(arguments.run / "language", arguments.minutes, seed=arguments.seed)


def teach(arguments: argparse.Namespace) -> None:
    """Teach the encoders words that mean what known ones do; the UNet stays as it is."""
    from postcard import language

    spoken, *_ = _parts(arguments)
    left = language.teach(spoken, dict(pair.split("=") for pair in arguments.synonyms))
    language.save(spoken, arguments.run / "language")
    print(f"error left: {left:.4f}")


def train_vae(arguments: argparse.Namespace) -> None:
    """Train the autoencoder; with --decoder-only its decoder alone."""
    from postcard.autoencoder import AutoencoderPlan, train

    start = arguments.model / "vae" if arguments.resume or arguments.decoder_only else None
    plan = AutoencoderPlan(arguments.minutes, arguments.run / "vae", start=start, device=arguments.device, seed=arguments.seed)
    if arguments.decoder_only:
        plan = replace(plan, decoder_only=True, crop=128, batch_size=4, peak_rate=1e-3)
    train(plan)


def fill(arguments: argparse.Namespace) -> None:
    """Make lessons for the UNet."""
    from postcard import pool

    language, vae, _ = _parts(arguments)
    pool.fill(pool.PoolPlan(arguments.run / "pool", arguments.shards, seed=arguments.seed), vae, language)


def train(arguments: argparse.Namespace) -> None:
    """Train the UNet; writes a sheet and the average weights every few minutes."""
    from postcard import diffusion, pipeline
    from postcard.sheet import prompts, sheet

    language, vae, unet = _parts(arguments)

    def on_save(average: Any) -> None:
        average.save_pretrained(arguments.run / "unet")
        asked = prompts(8)
        drawn = pipeline.draw(pipeline.assemble(language, vae, average), asked, list(range(len(asked))))
        sheet(drawn, asked).save(arguments.run / "sheet.png")

    pool, device = arguments.run / "pool", arguments.device
    plan = diffusion.DiffusionPlan(arguments.minutes, arguments.run, pool, device=device, seed=arguments.seed)
    state = arguments.run / "unet-training.pt"
    if not arguments.resume:
        state.unlink(missing_ok=True)
    diffusion.train(plan, unet if arguments.resume else None, on_save)


def export(arguments: argparse.Namespace) -> None:
    """Put the run's parts together and write them small as the finished model."""
    from postcard import pipeline

    language, vae, unet = _parts(arguments)
    pipeline.export(pipeline.assemble(language, vae, unet), arguments.model)


def draw(arguments: argparse.Namespace) -> None:
    """Draw one prompt."""
    from postcard import pipeline

    pipe = pipeline.load(arguments.model)
    pipeline.draw(pipe, [arguments.prompt], [arguments.seed], arguments.negative)[0].save(arguments.out)


def write_sheet(arguments: argparse.Namespace) -> None:
    """Draw the sheet of 32, first seeds, nothing chosen."""
    from postcard import pipeline
    from postcard.sheet import prompts, sheet

    asked = prompts()
    pictures = pipeline.draw(pipeline.load(arguments.model), asked, list(range(len(asked))))
    page = sheet(pictures, asked).point(lambda level: level // 5 * 5)  # 51 levels a colour: half the bytes, no grain
    page.save(arguments.out, optimize=True)


def adapt(arguments: argparse.Namespace) -> None:
    """Train what the finished model does not know into a small file: a LoRA, or with --inversion a textual inversion."""
    from postcard.adapt import AdaptPlan, Parts, train_inversion, train_lora

    plan = AdaptPlan(arguments.minutes, arguments.out, seed=arguments.seed)
    (train_inversion if arguments.inversion else train_lora)(Parts(*_parts(arguments)), plan)


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the figures of the model card."""
    from postcard.evaluate import report
    from postcard.judge import Judge
    from postcard.pipeline import load

    print(report(load(arguments.model), Judge.load(), arguments.count, arguments.seed))


def _parts(arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Read what the run has, and from the shipped model what it has not: so a training can begin anywhere."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    from postcard import diffusion, language

    run, shipped = arguments.run, arguments.model
    words = run / "language" if (run / "language" / "tokenizer").exists() else shipped
    vae = run / "vae" if (run / "vae" / "config.json").exists() else shipped / "vae"
    unet = next((home / "unet" for home in (run, shipped) if (home / "unet" / "config.json").exists()), None)
    return (
        language.load(words),
        AutoencoderKL.from_pretrained(vae).float(),
        diffusion.build() if unet is None else UNet2DConditionModel.from_pretrained(unet).float(),
    )


COMMANDS = {
    "samples": samples, "words": write_words, "train-judge": train_judge, "train-language": train_language,
    "train-vae": train_vae, "fill": fill, "train": train, "export": export, "draw": draw, "sheet": write_sheet,
    "teach": teach, "adapt": adapt, "evaluate": evaluate,
}  # fmt: skip


if __name__ == "__main__":
    main()
