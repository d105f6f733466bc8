"""Feature accounting: which pyradiomics classes and image types give a printed number."""

from itertools import combinations, product

import pandas as pd

from recount.schema import RecordError, nearest
from recount.tables import Study
from recount.verdicts import judged

# Features that each class of pyradiomics 3.0.1 computes by default. First order has a 19th
# (StandardDeviation) and GLCM 22 without SumAverage and MCC, as some counts have it.
FIRST_ORDER = (18, 19)
GLCM = (22, 23, 24)
TEXTURE = {"GLRLM": 16, "GLSZM": 16, "GLDM": 14, "NGTDM": 5}
MOST_IMAGE_TYPES = 32
OWN_CLASSES = "the features are pyradiomics' own classes"
AS_PUBLISHED = "the network is {} as published"
FEATURE_COLUMNS = ["key", "study", "quantity", "printed", "follows", "premise", "verdict"]


def class_choices(first_order: bool = True, texture: bool = True) -> list[dict[str, int]]:
    """Every choice of feature classes per image type, with the number of features of each.

    Parameters
    ----------
    first_order, texture : bool
        Whether first-order and texture classes may be among them.
    """
    heads = [{}, *({"first order": size} for size in FIRST_ORDER if first_order)]
    subsets = [dict(chosen) for count in range(len(TEXTURE) + 1)
               for chosen in combinations(TEXTURE.items(), count)]  # fmt: skip
    cooccurrence = [{}, *({"GLCM": size} for size in GLCM)]
    textures = [glcm | rest for glcm, rest in product(cooccurrence, subsets) if texture] or [{}]
    return [head | tail for head, tail in product(heads, textures) if head or tail]


def readings(value: int, choices: list[dict[str, int]], shape: int = 0) -> pd.DataFrame:
    """Find image types x classes that give a number of features.

    Parameters
    ----------
    value : int
        The printed number.
    choices : list of dict
        From ``class_choices``.
    shape : int
        Shape features, counted once and not per image type.

    Returns
    -------
    DataFrame
        Columns ``image_types, per_image, classes``; no row where nothing gives the number.
    """
    found = [
        (count, sum(chosen.values()), " + ".join(f"{n} {size}" for n, size in chosen.items()))
        for chosen in choices
        for count in range(1, MOST_IMAGE_TYPES + 1)
        if count * sum(chosen.values()) + shape == value
    ]
    columns = ["image_types", "per_image", "classes"]
    return pd.DataFrame(found, columns=columns).sort_values(columns, ignore_index=True)


def printed_features(study: Study) -> dict[str, int]:
    """Printed quantities by name; of a quantity printed twice, the first."""
    rows = study.features.drop_duplicates("quantity")
    return dict(zip(rows["quantity"], rows["value"].astype(int), strict=True))


def _line(
    key: str, quantity: str, printed: object, follows: object, good: bool, premise: str = ""
) -> dict[str, object]:
    return {"key": key, "quantity": quantity, "printed": str(printed),
            **judged(good, premise, str(follows))}  # fmt: skip


def _formula(printed: dict[str, int]) -> list[dict]:
    needed = ("image_types", "first_order_per_image", "texture_per_image", "shape", "total")
    if not set(needed) <= printed.keys():
        return []
    types, first, texture, shape, total = (printed[name] for name in needed)
    got = types * (first + texture) + shape
    text = f"{types} x ({first} + {texture}) + {shape} = {got}"
    return [_line("formula", "total number of features", total, text, got == total)]


def _parts(printed: dict[str, int]) -> list[dict]:
    needed = ("first_order", "shape", "texture", "total")
    if not set(needed) <= printed.keys():
        return []
    first, shape, texture, total = (printed[name] for name in needed)
    got = first + shape + texture
    text = f"{first} + {shape} + {texture} = {got}"
    alone = readings(first, class_choices(texture=False))
    found = "; ".join(f"{r.image_types} x {r.per_image}" for r in alone.itertuples())
    none = f"no multiple of {' or '.join(map(str, FIRST_ORDER))}"
    quantity = "first-order features are a whole number of image types"
    return [
        _line("sum", "total is the sum of its parts", total, text, got == total),
        _line("first_order", quantity, first, found or none, bool(found), OWN_CLASSES),
    ]


def _whole(printed: dict[str, int]) -> list[dict]:
    """Read the total as classes times image types, and as the printed number of classes."""
    if "total" not in printed:
        return []
    total, shape, number = (printed.get(name, 0) for name in ("total", "shape", "categories"))
    choices = class_choices()
    tried = [("total", "total from pyradiomics classes and image types", choices, "none")]
    if number:
        choices = [chosen for chosen in choices if len(chosen) + bool(shape) == number]
        sizes = sorted({sum(chosen.values()) for chosen in choices})
        none = f"{total - shape} is no multiple of {', '.join(map(str, sizes))}"
        quantity = f"total from {number} of pyradiomics' classes"
        tried.append(("categories", quantity, choices, none))
    lines = []
    for key, quantity, choices, none in tried:
        found = readings(total, choices, shape).itertuples()
        text = "; ".join(f"{r.image_types} x ({r.classes})" for r in found)
        lines.append(_line(key, quantity, total, text or none, bool(text), OWN_CLASSES))
    return lines


def _deep(study: Study, printed: dict[str, int]) -> list[dict]:
    """Hold the number of deep features against the sizes of the network's tensors."""
    name, values = study.about.get("network"), printed.get("deep_total")
    if not name or values is None:
        return []
    from torch.nn import Linear

    model = network(name)
    found = tensors(model, values)
    dense = [layer.in_features for layer in model.modules() if isinstance(layer, Linear)]
    text = f"as many as {found['shape'].iloc[0]}" if len(found) else "no tensor"
    text += f", {len(found)} modules" if len(found) > 1 else ""
    layers = "fully-connected layer has" if len(dense) == 1 else "fully-connected layers have"
    words = f"its {layers} {' and '.join(f'{n:,}' for n in dense)} inputs"
    inside, before = (f"values of a tensor inside {name}",
                      f"values before a fully-connected layer of {name}")  # fmt: skip
    premise = AS_PUBLISHED.format(name)
    return [
        _line("deep_total", inside, values, text, len(found) > 0, premise),
        _line("deep_layer", before, values, words, values in dense, premise),
    ]


def _repeated(study: Study) -> list[dict]:
    """Quantities that are printed twice; in one place they contradict if they differ."""
    lines = []
    for quantity, part in study.features.groupby("quantity", sort=False):
        if len(part) > 1:
            name, first = quantity.replace("_", " "), part["value"].iloc[0]
            places = "; ".join(f"{r.value} ({r.where})" for r in part.itertuples())
            here = (part.groupby("where")["value"].nunique() > 1).any()
            premise = "" if here else f"every place means the same {name}"
            same, key = part["value"].nunique() == 1, f"repeated:{quantity}"
            lines.append(_line(key, f"{name}, printed twice", first, places, same, premise))
    return lines


def feature_accounting(study: Study) -> pd.DataFrame:
    """Check the printed numbers of features.

    Parameters
    ----------
    study : Study
        The transcribed paper; ``network`` of its ``study.yml`` names the network that deep
        features are taken from.

    Returns
    -------
    DataFrame
        Columns ``FEATURE_COLUMNS``.

    Raises
    ------
    RecordError
        If torchvision has no such network.
    """
    printed = printed_features(study)
    lines = [
        *_formula(printed), *_parts(printed), *_whole(printed), *_deep(study, printed),
        *_repeated(study),
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=FEATURE_COLUMNS).assign(study=study.name)


def part_readings(study: Study) -> pd.DataFrame:
    """Find every reading of each printed number of features, part by part.

    Returns
    -------
    DataFrame
        Columns ``quantity, printed, image_types, per_image, classes``: which feature classes,
        over how many image types, give the number; several rows where several do, one with empty
        cells where none does.
    """
    printed = printed_features(study)
    tried = {
        "first_order": (class_choices(), 0),
        "texture": (class_choices(first_order=False), 0),
        "total": (class_choices(), printed.get("shape", 0)),
    }
    parts = []
    for quantity, (choices, shape) in tried.items():
        if quantity in printed:
            found = readings(printed[quantity], choices, shape)
            found = found if len(found) else pd.DataFrame([{"classes": "none"}])
            named = {"quantity": quantity.replace("_", " "), "printed": printed[quantity]}
            parts.append(found.assign(**named))
    columns = ["quantity", "printed", "image_types", "per_image", "classes"]
    whole = dict.fromkeys(columns[1:4], "Int64")
    return pd.concat([pd.DataFrame(columns=columns), *parts])[columns].astype(whole)


def deep_tensors(study: Study) -> pd.DataFrame:
    """Find the tensors with the printed number of deep features; empty where none is printed."""
    name, values = study.about.get("network"), printed_features(study).get("deep_total")
    if not name or values is None:
        return pd.DataFrame(columns=["module", "shape"])
    return tensors(network(name), values)


def network(name: str):
    """A network of torchvision without weights, of which only the shapes of tensors are known.

    Raises
    ------
    RecordError
        If torchvision has no such network.
    """
    import torch
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        hint = nearest(name, known)
        raise RecordError("study.yml", [f"'network' is {name!r}; {hint}"])
    with torch.device("meta"):
        return models.get_model(name, weights=None).eval()


def tensors(model, values: int, size: int = 224) -> pd.DataFrame:
    """Find the tensors inside a network with a given number of values.

    Parameters
    ----------
    model : torch.nn.Module
        From ``network``.
    values : int
        Number of values for one image.
    size : int
        Side of the square input of three channels, in pixels.

    Returns
    -------
    DataFrame
        Columns ``module, shape`` of every module whose output has `values` values.
    """
    import torch

    found: list[tuple[str, str]] = []

    def note(name: str):
        def hook(_module, _inputs, output) -> None:
            if isinstance(output, torch.Tensor) and output.numel() == values:
                found.append((name, " x ".join(map(str, output.shape[1:]))))

        return hook

    for name, module in model.named_modules():
        module.register_forward_hook(note(name))
    with torch.inference_mode():
        model(torch.zeros(1, 3, size, size, device="meta"))
    return pd.DataFrame(found, columns=["module", "shape"])
