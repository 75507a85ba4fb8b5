"""Fields of the dialogue by the kind of an option, and what was answered, as the program takes it."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMatrix,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorLayer,
)

# Formats of a boundary that the program reads as they are; another one is exported first.
READ_AS_IT_IS = ["gpkg", "geojson", "json", "shp", "tab", "kml", "fgb"]
NUMBERS = {"whole": QgsProcessingParameterNumber.Type.Integer, "decimal": QgsProcessingParameterNumber.Type.Double}


def asked(parameter, words, lang):
    """Return the field for an option."""
    field = _MADE[parameter["kind"]](parameter, parameter["label"][lang], words, lang)
    field.setHelp(parameter["help"][lang])
    if parameter["advanced"]:
        field.setFlags(field.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return field


def answered(algorithm, parameter, given, context, feedback):
    """Return what was answered: a text, a number, a list, True, or None."""
    name = parameter["name"]
    if given.get(name) is None and parameter["default"] is None and parameter["optional"]:
        return None
    return _ANSWERED[parameter["kind"]](algorithm, given, name, context, feedback)


def _number(parameter, label, words, lang):
    field = QgsProcessingParameterNumber(
        parameter["name"], label, NUMBERS[parameter["kind"]], parameter["default"], parameter["optional"]
    )
    if parameter["min"] is not None:
        field.setMinimum(parameter["min"])
    if parameter["max"] is not None:
        field.setMaximum(parameter["max"])
    return field


def _choice(parameter, label, words, lang):
    default = lang if parameter["name"] == "lang" else parameter["default"]
    return QgsProcessingParameterEnum(
        parameter["name"], label, parameter["choices"], False, default, parameter["optional"], True
    )


def _file(parameter, label, words, lang):
    kinds = QgsProcessingParameterFile.Behavior
    kind = kinds.Folder if parameter["kind"] == "folder" else kinds.File
    return QgsProcessingParameterFile(parameter["name"], label, kind, "", None, parameter["optional"])


def _files(parameter, label, words, lang):
    return QgsProcessingParameterMultipleLayers(
        parameter["name"], label, QgsProcessing.SourceType.TypeFile, None, parameter["optional"]
    )


def _pairs(parameter, label, words, lang):
    headers = [words["pairs_name"][lang], words["pairs_file"][lang]]
    return QgsProcessingParameterMatrix(parameter["name"], label, 1, False, headers, None, parameter["optional"])


def _new_file(parameter, label, words, lang):
    ending = parameter["ending"]
    return QgsProcessingParameterFileDestination(
        parameter["name"], label, f"{ending[1:].upper()} (*{ending})", None, parameter["optional"]
    )


_MADE = {
    "boundary": lambda p, label, words, lang: QgsProcessingParameterVectorLayer(
        p["name"], label, [QgsProcessing.SourceType.TypeVectorPolygon], None, p["optional"]
    ),
    "crs": lambda p, label, words, lang: QgsProcessingParameterCrs(p["name"], label, p["default"], p["optional"]),
    "flag": lambda p, label, words, lang: QgsProcessingParameterBoolean(p["name"], label, False, True),
    "text": lambda p, label, words, lang: QgsProcessingParameterString(
        p["name"], label, p["default"], False, p["optional"]
    ),
    "new folder": lambda p, label, words, lang: QgsProcessingParameterFolderDestination(
        p["name"], label, None, p["optional"]
    ),
    "new file": _new_file, "choice": _choice, "whole": _number, "decimal": _number,
    "file": _file, "folder": _file, "files": _files, "pairs": _pairs,
}  # fmt: skip
_ANSWERED = {
    "boundary": lambda a, given, name, context, feedback: a.parameterAsCompatibleSourceLayerPath(
        given, name, context, READ_AS_IT_IS, "gpkg", feedback
    ),
    "crs": lambda a, given, name, context, feedback: a.parameterAsCrs(given, name, context).authid(),
    "flag": lambda a, given, name, context, feedback: a.parameterAsBool(given, name, context),
    "text": lambda a, given, name, context, feedback: a.parameterAsString(given, name, context),
    "new folder": lambda a, given, name, context, feedback: a.parameterAsString(given, name, context),
    "new file": lambda a, given, name, context, feedback: a.parameterAsFileOutput(given, name, context),
    "choice": lambda a, given, name, context, feedback: a.parameterAsEnumString(given, name, context),
    "whole": lambda a, given, name, context, feedback: a.parameterAsInt(given, name, context),
    "decimal": lambda a, given, name, context, feedback: a.parameterAsDouble(given, name, context),
    "file": lambda a, given, name, context, feedback: a.parameterAsFile(given, name, context),
    "folder": lambda a, given, name, context, feedback: a.parameterAsFile(given, name, context),
    "files": lambda a, given, name, context, feedback: a.parameterAsFileList(given, name, context),
    "pairs": lambda a, given, name, context, feedback: a.parameterAsMatrix(given, name, context),
}
