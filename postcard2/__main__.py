"""The commands of the program, in the order in which a model is made; only wiring: `python -m postcard2 --help` lists them."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postcard2.making import Workshop

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "postcard"


def main() -> None:
    """Read the command line and do what it says."""
    arguments = _parser().parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    try:
        COMMANDS[arguments.command](arguments)
    except ValueError as error:
        raise SystemExit(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    import platformdirs

    told = "\n".join(f"  {name:15} {work.__doc__}" for name, work in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m postcard2",
        description="Draw postcards, and train a small SDXL on them.",
        epilog=f"commands:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run = Path(platformdirs.user_cache_dir("gemini-diffusion", appauthor=False)) / "postcard-run"
    parser.add_argument("command", metavar="command", choices=COMMANDS, help="one of those below")
    parser.add_argument("--run", type=Path, default=run, help="folder of unfinished work (default: %(default)s)")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder of the finished model (default: the shipped one)")
    parser.add_argument("--minutes", type=float, default=30, help="how long to train, of one thread (default: %(default)s)")
    parser.add_argument("--count", type=int, default=400, help="prompts to evaluate (default: %(default)s)")
    parser.add_argument("--prompt", default="a red cat on the beach at sunset", help="what to draw (default: %(default)s)")
    parser.add_argument("--shape", default="square", choices=("square", "portrait", "landscape"), help="of what is drawn")
    parser.add_argument("--synonyms", nargs="*", default=[], help="new=known, one word each")
    parser.add_argument("--negative", default="", help="what to leave out of it")
    parser.add_argument("--seed", type=int, default=0, help="where chance begins (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="two programs of one thread beat one of two")
    parser.add_argument("--device", default="cpu", help="where autoencoder and UNet are trained: cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help="go on with the run's weights, or the shipped ones")
    parser.add_argument("--quick", action="store_true", help="draw or evaluate in four steps")
    parser.add_argument("--inversion", action="store_true", help="adapt by a textual inversion instead of a LoRA")
    parser.add_argument("--out", type=Path, default=Path("postcard.png"), help="file to write (default: %(default)s)")
    return parser


def samples(arguments: argparse.Namespace) -> None:
    """Draw a sheet of training pictures with their captions."""
    from postcard2.captions import describe
    from postcard2.render import render
    from postcard2.scene import sample
    from postcard2.sheet import sheet

    rng = random.Random(arguments.seed)
    scenes = [sample(rng) for _ in range(48)]
    sheet([render(scene) for scene in scenes], [describe(scene, rng).text for scene in scenes]).save(arguments.out)


def make(arguments: argparse.Namespace) -> None:
    """Train every part in turn, each from where it stopped: the one command for a new model."""
    from postcard2.making import make as run

    run(_shop(arguments), arguments.minutes)


def train_language(arguments: argparse.Namespace) -> None:
    """Train tokenizer and text encoders on captions alone."""
    from postcard2.language import train

    train(arguments.run / "language", arguments.minutes, seed=arguments.seed)


def teach(arguments: argparse.Namespace) -> None:
    """Teach the encoders words that mean what known ones do; the UNet stays as it is."""
    from postcard2 import language

    spoken = _shop(arguments).language()
    left = language.teach(spoken, dict(pair.split("=") for pair in arguments.synonyms))
    language.save(spoken, arguments.run / "language")
    print(f"error left: {left:.4f}")


def train_vae(arguments: argparse.Namespace) -> None:
    """Train the autoencoder's decoder on; its encoder stays, and with it the UNet's latents."""
    from postcard2.autoencoder import AutoencoderPlan, train

    start = arguments.model / "vae"
    train(AutoencoderPlan(
        arguments.minutes, arguments.run / "vae", crop=128, batch_size=8, peak_rate=1e-3, decoder_only=True, start=start,
        device=arguments.device, seed=arguments.seed,
    ))  # fmt: skip


def train(arguments: argparse.Namespace) -> None:
    """Train the UNet; with --resume says afterwards whether it draws better than before."""
    from postcard2.making import train_unet

    shop = _shop(arguments)
    before = _overall(arguments, shop) if arguments.resume else None
    train_unet(shop, arguments.minutes, fresh=not arguments.resume)
    if before is None:
        return
    after = _overall(arguments, shop)
    verdict = "better than before" if after > before else "no better than before: the model that was there is as good"
    print(f"wholly right: {100 * before:.1f} % before, {100 * after:.1f} % now, {verdict}")


def distill(arguments: argparse.Namespace) -> None:
    """Train the LoRA that draws in four steps."""
    from postcard2.making import train_distilled

    train_distilled(_shop(arguments), arguments.minutes)


def train_judge(arguments: argparse.Namespace) -> None:
    """Train the judge on renders and keep it in the run's folder."""
    from postcard2.judge import train

    train(arguments.run, arguments.minutes, seed=arguments.seed).save(arguments.run / "judge.safetensors")


def export(arguments: argparse.Namespace) -> None:
    """Put the run's parts together and write them small as the finished model."""
    from postcard2 import pipeline

    pipeline.export(_shop(arguments).pipe(), arguments.model)
    for name in (pipeline.QUICK_FILE, "judge.safetensors"):
        if (arguments.run / name).exists():
            (arguments.model / name).write_bytes((arguments.run / name).read_bytes())


def write_words(arguments: argparse.Namespace) -> None:
    """Write the vocabulary beside the model, without words whose pictures do not show what they mean."""
    from postcard2 import evaluate
    from postcard2.words import vocabulary

    pipe, how = _drawing(arguments)
    text = json.dumps(vocabulary(evaluate.known_words(pipe, _judge(arguments), how=how)), indent=1, ensure_ascii=False)
    (arguments.model / "words.json").write_text(text + "\n", encoding="utf-8")


def draw(arguments: argparse.Namespace) -> None:
    """Draw one prompt."""
    from postcard2 import pipeline

    pipe, how = _drawing(arguments)
    pipeline.draw(pipe, [arguments.prompt], [arguments.seed], how)[0].save(arguments.out)


def write_sheet(arguments: argparse.Namespace) -> None:
    """Draw the sheet of 48, first seeds, nothing chosen."""
    from postcard2 import pipeline
    from postcard2.sheet import prompts, sheet

    asked = prompts()
    pipe, how = _drawing(arguments)
    sheet(pipeline.draw(pipe, asked, list(range(len(asked))), how), asked).save(arguments.out, optimize=True, quality=88)


def adapt(arguments: argparse.Namespace) -> None:
    """Train what the finished model does not know into a small file: a LoRA, or with --inversion a textual inversion."""
    from postcard2.adapt import AdaptPlan, Parts, train_inversion, train_lora

    shop, plan = _shop(arguments), AdaptPlan(arguments.minutes, arguments.out, seed=arguments.seed)
    (train_inversion if arguments.inversion else train_lora)(Parts(shop.language(), shop.vae(), shop.unet()), plan)


def evaluate(arguments: argparse.Namespace) -> None:
    """Print the figures of the model card."""
    from postcard2 import edits
    from postcard2.evaluate import report

    pipe, how = _drawing(arguments)
    judge = _judge(arguments)
    print(report(pipe, judge, arguments.count, arguments.seed, how))
    changed, kept = edits.rest_kept(pipe, judge, edits.cases(100), how)
    print(f"one word changed, same seed: shown in {100 * changed:.0f} %, the rest kept in {100 * kept:.0f} %")
    if not arguments.quick:
        share = edits.subject_kept(pipe, judge)
        print(f"image to image at {edits.STRENGTH}: subject and place kept in {100 * share:.0f} %")


def _shop(arguments: argparse.Namespace) -> Workshop:
    from postcard2.making import Workshop

    return Workshop(arguments.run, arguments.model, arguments.device, arguments.seed)


def _judge(arguments: argparse.Namespace) -> Any:
    from postcard2.judge import Judge

    return Judge.load(_first(arguments, "judge.safetensors"))


def _drawing(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """Put together what the run has, and the finished model what it has not; say how it draws: whole, or in four steps."""
    from postcard2 import pipeline

    pipe = _shop(arguments).pipe()
    if not arguments.quick:
        return pipe, pipeline.Drawing(negative=arguments.negative, shape=arguments.shape)
    file = _first(arguments, pipeline.QUICK_FILE)
    return pipeline.quicken(pipe, file), pipeline.Drawing(pipeline.QUICK.steps, 1.0, shape=arguments.shape)


def _first(arguments: argparse.Namespace, name: str) -> Path:
    """Find a file in the run or in the finished model; ValueError where neither has it."""
    for home in (arguments.run, arguments.model):
        if (home / name).exists():
            return Path(home / name)
    raise ValueError(f"Neither {arguments.run} nor {arguments.model} has {name}: train it first.")


def _overall(arguments: argparse.Namespace, shop: Workshop) -> float:
    """Give the share of 80 pictures that are wholly right."""
    from postcard2 import evaluate as figures

    pipe, judge = shop.pipe(), _judge(arguments)
    parts = [figures.score(pipe, judge, figures.questions(kind, 40, 99)) for kind in ("plain", "pairs")]
    return sum(part.share("all") for part in parts) / len(parts)


COMMANDS = {
    "samples": samples, "make": make, "train-language": train_language, "train-vae": train_vae, "train": train,
    "distill": distill, "train-judge": train_judge, "export": export, "words": write_words, "draw": draw,
    "sheet": write_sheet, "evaluate": evaluate, "teach": teach, "adapt": adapt,
}  # fmt: skip


if __name__ == "__main__":
    main()
