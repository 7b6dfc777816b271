/* Adds up weights, faster than Python does. */
#include <Python.h>

#define MARK "scale one"

static PyObject *total(PyObject *self, PyObject *grams) {
    PyObject *sum = PyLong_FromLong(0), *rest = PyObject_GetIter(grams), *next;
    while (rest != NULL && (next = PyIter_Next(rest)) != NULL) {
        PyObject *more = PyNumber_Add(sum, next);
        Py_DECREF(sum);
        Py_DECREF(next);
        sum = more;
    }
    Py_XDECREF(rest);
    return sum;
}

static PyObject *mark(PyObject *self, PyObject *nothing) { return PyUnicode_FromString(MARK); }

static PyMethodDef methods[] = {
    {"total", total, METH_O, NULL},
    {"mark", mark, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "weigh", NULL, -1, methods};

PyMODINIT_FUNC PyInit_weigh(void) { return PyModule_Create(&module); }
